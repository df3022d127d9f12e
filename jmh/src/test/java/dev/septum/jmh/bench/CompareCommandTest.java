package dev.septum.jmh.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code bench compare} as a user and a build meet it. */
class CompareCommandTest {
  private static final double[] STEADY = {100, 101, 99, 100, 100};
  private static final double[] SLOWER = {120, 121, 119, 120, 120};

  @TempDir Path directory;
  private Path old;
  private Path now;

  @BeforeEach
  void name() {
    old = directory.resolve("old.json");
    now = directory.resolve("new.json");
  }

  @Test
  void regressionFailsAndIsNamed() throws Exception {
    new Results().add("a.B.fast", 1, STEADY).add("a.B.slow", 2, STEADY).write(old);
    new Results().add("a.B.fast", 1, STEADY).add("a.B.slow", 2, SLOWER).write(now);
    CommandRun run = compare();
    assertEquals(1, run.code(), run::toString);
    String row =
        run.out().lines().filter(line -> line.contains("B.slow")).findFirst().orElseThrow();
    assertTrue(
        row.matches("B\\.slow +2 +100 +±2\\.72 +120 +±2\\.72 +ns/op +1\\.20 +regression"), row);
    assertTrue(run.out().contains("2 compared: 1 regressions, 0 improvements"), run::toString);
    assertEquals(0, compare("--tolerance", "0.25").code());
    CommandRun reversed = CommandRun.of("compare", now.toString(), old.toString());
    assertEquals(0, reversed.code(), reversed::toString);
    assertTrue(reversed.out().contains("improvement"), reversed::toString);
  }

  @Test
  void jsonSaysTheSame() throws Exception {
    new Results().add("a.B.c", 1, "gib=4", STEADY).add("a.B.gone", 1, STEADY).write(old);
    new Results().add("a.B.c", 1, "gib=4", SLOWER).add("a.B.new", 1, STEADY).write(now);
    Path json = directory.resolve("comparison.json");
    assertEquals(1, compare("--json", json.toString()).code());
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertEquals(1, root.at("/regressions").intValue());
    assertEquals("regression", root.at("/results/0/verdict").textValue());
    assertEquals("4", root.at("/results/0/params/gib").textValue());
    assertEquals(1.2, root.at("/results/0/cost").doubleValue(), 1e-9);
    assertTrue(
        root.at("/results/0/old/high").doubleValue() < root.at("/results/0/new/low").doubleValue());
    assertEquals("a.B.gone", root.at("/missing/0/benchmark").textValue());
    assertEquals("a.B.new", root.at("/added/0/benchmark").textValue());
    CommandRun run = compare("--json", "-");
    assertEquals(root, new ObjectMapper().readTree(run.out()));
  }

  @Test
  void missingFailsUnlessAllowedAndNewDoesNot() throws Exception {
    new Results().add("a.B.c", 1, STEADY).add("a.B.gone", 1, STEADY).write(old);
    new Results().add("a.B.c", 1, STEADY).add("a.B.new", 1, STEADY).write(now);
    CommandRun run = compare();
    assertEquals(1, run.code(), run::toString);
    assertTrue(run.out().contains("missing in " + now + ": B.gone, 1 thread"), run::toString);
    assertTrue(run.out().contains("only in " + now + ": B.new, 1 thread"), run::toString);
    assertEquals(0, compare("--allow-missing").code());
  }

  @Test
  void otherMachineIsWarnedOfInOneLine() throws Exception {
    new Results().add("a.B.c", 1, STEADY).write(old);
    Results other = new Results().add("a.B.c", 1, STEADY);
    other.last().put("vmVersion", "25");
    ((com.fasterxml.jackson.databind.node.ObjectNode) other.last().get("machine"))
        .put("cpu", "another");
    other.write(now);
    CommandRun run = compare();
    assertEquals(0, run.code());
    assertEquals(
        "septum: warning: not measured on the same: cpu a processor and another; jdk VM 17 and VM 25",
        run.err().strip());
    assertEquals("", CommandRun.of("compare", old.toString(), old.toString()).err());
  }

  @Test
  void otherJdkIsWarnedOfThoughTheFirstResultIsOfTheProgramInC() throws Exception {
    withReference("17").write(old);
    withReference("25").write(now);
    CommandRun run = compare();
    assertEquals(0, run.code(), run::toString);
    assertEquals(
        "septum: warning: not measured on the same: jdk VM 17 and VM 25", run.err().strip());
  }

  /** The program in C has no JDK, and its name is the first. */
  private static Results withReference(String vmVersion) {
    Results results = new Results().add("cref.translate", 1, STEADY);
    results.last().remove("vmName");
    results.last().remove("vmVersion");
    results.add("dev.septum.jmh.SeptumPaths.translate", 1, STEADY);
    results.last().put("vmVersion", vmVersion);
    return results;
  }

  @Test
  void otherUnitIsBadInput() throws Exception {
    new Results().add("a.B.c", 1, STEADY).write(old);
    Results other = new Results().add("a.B.c", 1, STEADY);
    other.lastMetric().put("scoreUnit", "us/op");
    other.write(now);
    assertBad(now + ": 'B.c, 1 thread': expected ns/op, as in " + old + ", found us/op");
  }

  @Test
  void nothingToJudgeIsBadInput() throws Exception {
    new Results().add("a.B.c", 1, 100).write(old);
    new Results().add("a.B.c", 1, 200).write(now);
    assertBad(
        now + ": nothing that could be compared with " + old + " (three samples each are needed)");
    new Results().add("a.B.c", 1, STEADY).write(old);
    Results bare = new Results().add("a.B.c", 1, STEADY);
    bare.lastMetric().remove("rawData");
    bare.write(now);
    assertBad(
        now + ": 'B.c, 1 thread': no raw data to compute an interval of confidence 0.95 from",
        "--confidence",
        "0.95");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{] | :1:3: not JSON: Unexpected close marker ']'",
        "{} | : expected an array of JMH results",
        "[] | : no results",
        "[1] | : /0/benchmark: missing",
        "[{\"benchmark\":3}] | : /0/benchmark: expected a text, found 3",
        "[{\"benchmark\":\"a\",\"mode\":\"avgt\",\"threads\":0}] | : /0/threads: expected a positive number, found 0",
        "[{\"benchmark\":\"a\",\"mode\":\"avgt\",\"threads\":1}] | : /0/primaryMetric: missing",
        "[{\"benchmark\":\"a\",\"mode\":\"avgt\",\"threads\":1,\"primaryMetric\":{\"scoreUnit\":\"s\",\"score\":\"NaN\"}}] | : /0/primaryMetric/score: expected a number, found \"NaN\"",
        "[{\"benchmark\":\"a\",\"mode\":\"avgt\",\"threads\":1,\"primaryMetric\":{\"scoreUnit\":\"s\",\"score\":1,\"rawData\":[[1,[]]]}}] | : /0/primaryMetric/rawData/0/1: expected a number, found []",
        "[{\"benchmark\":\"a\",\"mode\":\"avgt\",\"threads\":1,\"primaryMetric\":{\"scoreUnit\":\"s\",\"score\":1,\"scoreConfidence\":[1]}}] | : /0/primaryMetric/scoreConfidence: expected two numbers",
      })
  void badFileIsSaidInOneLineWithItsPlace(String text, String message) throws Exception {
    Files.writeString(old, text);
    new Results().add("a.B.c", 1, STEADY).write(now);
    CommandRun run = compare();
    assertEquals(2, run.code(), run::toString);
    assertTrue(run.err().startsWith(old + message.strip()), run::toString);
    assertEquals(1, run.err().lines().count(), run::toString);
  }

  @Test
  void sameTwiceOrNoFileIsBadInput() throws Exception {
    new Results().add("a.B.c", 1, STEADY).add("a.B.c", 1, SLOWER).write(old);
    new Results().add("a.B.c", 1, STEADY).write(now);
    assertBad(old + ": /1: 'B.c, 1 thread' comes twice");
    Files.delete(old);
    assertBad(old + ": no such file");
  }

  @Test
  void badOptionIsSaidInOneLine() throws Exception {
    String see = " (see 'septum bench compare --help')";
    assertBad(
        "septum: Invalid value for option '--tolerance': expected a number from 0 up, found '-1.0'"
            + see,
        "--tolerance=-1");
    assertBad(
        "septum: Invalid value for option '--confidence': expected a number between 0 and 1, found"
            + " '1.0'"
            + see,
        "--confidence",
        "1");
    CommandRun run = CommandRun.of("compare", "only.json");
    assertEquals(2, run.code());
    assertEquals("septum: Missing required parameter: 'NEW'" + see, run.err().strip());
  }

  private void assertBad(String message, String... options) {
    CommandRun run = compare(options);
    assertEquals(2, run.code(), run::toString);
    assertEquals(message, run.err().strip());
  }

  private CommandRun compare(String... options) {
    List<String> arguments = new ArrayList<>(List.of("compare", old.toString(), now.toString()));
    arguments.addAll(List.of(options));
    return CommandRun.of(arguments.toArray(new String[0]));
  }
}
