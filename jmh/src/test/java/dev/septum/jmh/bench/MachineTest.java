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
        ForkJvm.of(
                """
                     bool UseG1GC                            = false      {product} {default}
                     bool UseMaximumCompactionOnSystemGC     = true       {product} {default}
                     bool UseParallelGC                      = true       {product} {command line}
                """)
            .collector());
    assertEquals("G1", ForkJvm.of("bool UseG1GC  := true  {product}").collector());
    assertEquals("", ForkJvm.of("").collector());
  }

  @Test
  void flagsOfTheForksChooseTheCollectorAndTheFileKeepsIt() {
    ForkJvm fork = ForkJvm.asked(ForkJvm.JAVA.toString(), List.of("-XX:+UseSerialGC", "-Xmx96m"));
    assertEquals(96L << 20, fork.maxHeapBytes());
    Machine here = Machine.here(fork, directory);
    assertEquals("Serial", here.facts().get("gc"));
    assertTrue(here.facts().get("date").endsWith("Z"), here::toString);
    assertTrue(!here.facts().containsKey("commit"), "no checkout, no commit");
    ObjectNode result = new ObjectMapper().createObjectNode();
    here.put(result);
    assertEquals(here, Machine.read(result));
  }

  @Test
  void forkThatDoesNotStartIsTakenToHaveTheHeapOfThisJvm() {
    ForkJvm fork = ForkJvm.asked(ForkJvm.JAVA.toString(), List.of("-XX:NoSuchFlag=1"));
    assertEquals(new ForkJvm("", Runtime.getRuntime().maxMemory()), fork);
  }

  @Test
  void onlyWhatBothKnowAndMattersIsADifference() {
    Machine one = new Machine(Map.of("cpu", "a", "gc", "G1", "date", "today"));
    Machine other = new Machine(Map.of("cpu", "b", "cores", "2", "date", "tomorrow"));
    assertEquals(List.of("cpu a and b"), one.differences(other));
    assertEquals(List.of(), one.differences(one));
  }
}
