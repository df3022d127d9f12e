package dev.septum.jmh.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a machine, and what is read back. */
class MachineTest {
  @TempDir Path directory;

  @Test
  void collectorIsTheOneThatIsOn() {
    assertEquals(
        "Parallel",
        Machine.collector(
            """
                 bool UseG1GC                            = false      {product} {default}
                 bool UseMaximumCompactionOnSystemGC     = true       {product} {default}
                 bool UseParallelGC                      = true       {product} {command line}
            """));
    assertEquals("G1", Machine.collector("bool UseG1GC  := true  {product}"));
    assertEquals("", Machine.collector(""));
  }

  @Test
  void flagsOfTheForksChooseTheCollectorAndTheFileKeepsIt() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Machine here = Machine.here(java, List.of("-XX:+UseSerialGC"), directory);
    assertEquals("Serial", here.facts().get("gc"));
    assertTrue(here.facts().get("date").endsWith("Z"), here::toString);
    assertTrue(!here.facts().containsKey("commit"), "no checkout, no commit");
    ObjectNode result = new ObjectMapper().createObjectNode();
    here.put(result);
    assertEquals(here, Machine.read(result));
  }

  @Test
  void onlyWhatBothKnowAndMattersIsADifference() {
    Machine one = new Machine(Map.of("cpu", "a", "gc", "G1", "date", "today"));
    Machine other = new Machine(Map.of("cpu", "b", "cores", "2", "date", "tomorrow"));
    assertEquals(List.of("cpu a and b"), one.differences(other));
    assertEquals(List.of(), one.differences(one));
  }
}
