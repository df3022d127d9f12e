package dev.septum.jmh.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.septum.jmh.lock.LockKind;
import dev.septum.jmh.lock.Scenario;
import dev.septum.jmh.peers.Mix;
import dev.septum.jmh.peers.Peer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code bench} without another command, with real forks of a benchmark that is soon over. */
@Timeout(120)
class RunCommandTest {
  private static final String IGNORE_LOCK = "jmh.ignoreLock";
  private static final List<String> SHORT =
      List.of("--iterations", "3", "--warmups", "0", "--time", "10ms", "-q");

  @TempDir Path directory;
  private String lock = "";

  /** Nothing is measured here, so another JMH may run meanwhile. */
  @BeforeEach
  void ignoreLock() {
    lock = System.setProperty(IGNORE_LOCK, "true");
  }

  @AfterEach
  void restoreLock() {
    if (lock == null) {
      System.clearProperty(IGNORE_LOCK);
    }
  }

  @Test
  void everyForkIsInTheFileWithItsMachineAndTheTableHasARow() throws Exception {
    Path json = directory.resolve("results.json");
    CommandRun run =
        run(
            "--include",
            "SectionPaths.openAndClose",
            "--forks",
            "2",
            "--allocation",
            "--json",
            "" + json);
    assertEquals(0, run.code(), run::toString);
    assertEquals("", run.err());
    JsonNode result = new ObjectMapper().readTree(json.toFile()).get(0);
    assertEquals("dev.septum.jmh.SectionPaths.openAndClose", result.get("benchmark").textValue());
    assertEquals(2, result.get("forks").intValue());
    assertEquals(2, result.at("/primaryMetric/rawData").size());
    assertEquals(3, result.at("/primaryMetric/rawData/1").size());
    assertTrue(result.at("/machine/cores").asInt() > 0, result::toString);
    assertTrue(result.at("/machine/gc").asText().matches("\\w+"), result::toString);
    List<String> lines = run.out().lines().toList();
    assertTrue(lines.get(0).matches("benchmark +threads +score +error +unit +B/op"), run::toString);
    assertTrue(
        lines.get(1).matches("SectionPaths.openAndClose +1 +\\S+ +±\\S+ +ns/op +[0-9.]+"),
        run::toString);
    assertEquals(2, lines.size(), run::toString);
  }

  @Test
  void programInCIsRunInEachRoundAndHasARatioAndAChart() throws Exception {
    Path cref =
        CReferenceTest.script(
            directory, "echo x >> \"$0.calls\"; echo \"zap4k $1 threads 1.5 ns/op\"");
    Path charts = directory.resolve("charts");
    List<String> options = new ArrayList<>(List.of("--include", "SeptumPaths.zap4k"));
    options.addAll(List.of("--threads", "1", "--forks", "2", "--cref", "" + cref));
    options.addAll(List.of("--charts", "" + charts));
    CommandRun run = run(options.toArray(new String[0]));
    assertEquals(0, run.code(), run::toString);
    assertEquals("", run.err(), "quiet");
    assertEquals(2, Files.readAllLines(Path.of(cref + ".calls")).size());
    List<String> lines = run.out().lines().toList();
    assertTrue(lines.get(0).endsWith("  C  ratio"), run::toString);
    assertTrue(lines.get(1).matches("SeptumPaths.zap4k .* 1\\.50 +[0-9.,]+"), run::toString);
    assertTrue(Files.exists(charts.resolve("SeptumPaths-operations-1-thread.svg")), run::toString);
  }

  @Test
  void forkThatFailsFailsTheRunAndSaysWhy() {
    CommandRun run =
        run("--include", "SectionPaths.openAndClose", "--jvm-args", "-XX:NoSuchFlag=1");
    assertEquals(1, run.code(), run::toString);
    assertTrue(run.err().contains("NoSuchFlag"), run::toString);
    assertTrue(run.err().contains("septum: SectionPaths.openAndClose, 1 thread: "), run::toString);
    assertEquals("", run.out());
  }

  @Test
  void whatABenchmarkPrintsIsNotAmongTheResults() throws Exception {
    CommandRun run =
        run("--include", "ScalePaths.walk", "-p", "gib=1", "--forks", "1", "--json", "-");
    assertEquals(0, run.code(), run::toString);
    JsonNode root = new ObjectMapper().readTree(run.out());
    assertEquals("1", root.at("/0/params/gib").textValue());
  }

  @Test
  void interruptedRunLeavesWhatIsWhole() throws Exception {
    Path json = directory.resolve("results.json");
    Process process = new ProcessBuilder(command("-Xshare:auto", 1000, json)).start();
    try (BufferedReader err =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      while (!Files.exists(json)) {
        assertTrue(process.isAlive(), () -> "ended: " + err.lines().toList());
        Thread.onSpinWait();
      }
      // Process.destroy closes what is still to be read.
      process.toHandle().destroy();
      List<String> said = err.lines().toList();
      assertEquals(143, process.waitFor());
      assertEquals(
          "septum: interrupted; what was measured is in " + json, said.get(said.size() - 1));
      assertEquals(1, said.stream().filter(line -> line.startsWith("septum: ")).count() - 2);
    } finally {
      process.destroyForcibly();
    }
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    int forks = root.at("/0/forks").intValue();
    assertTrue(forks >= 1 && forks < 1000, root::toString);
    assertEquals(forks, root.at("/0/primaryMetric/rawData").size());
  }

  private static List<String> command(String flag, int forks, Path json) {
    return List.of(
        ForkJvm.JAVA.toString(),
        flag,
        "-Djmh.ignoreLock=true",
        "-cp",
        System.getProperty("java.class.path"),
        Bench.class.getName(),
        "--include=SectionPaths.openAndClose",
        "--forks=" + forks,
        "--iterations=1",
        "--warmups=0",
        "--time=10ms",
        "--json=" + json);
  }

  @Test
  void flagsOfThisJvmAreTheForksTooAndItsMachineIsWhatTheyMakeIt() throws Exception {
    Path json = directory.resolve("results.json");
    Process process =
        new ProcessBuilder(command("-XX:+UseParallelGC", 1, json))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals(0, process.waitFor());
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertEquals("-XX:+UseParallelGC", root.at("/0/jvmArgs/0").textValue());
    assertEquals("Parallel", root.at("/0/machine/gc").textValue());
  }

  @Test
  void sizesAreThoseThatFitIntoTheHeapOfTheForks() {
    CommandRun small = list("--full", "--include", "ScalePaths.walk", "--jvm-args", "-Xmx100m");
    assertTrue(small.out().contains("gib=16,"), small::toString);
    assertFalse(small.out().contains("gib=128,"), small::toString);
    CommandRun large = list("--full", "--include", "ScalePaths.walk", "--jvm-args", "-Xmx1g");
    assertTrue(large.out().contains("gib=128,"), large::toString);
    assertFalse(large.out().contains("gib=1024,"), large::toString);
  }

  @Test
  void valueThatComesTwiceIsRunOnce() {
    CommandRun run = list("--include", "ScalePaths.walk", "--threads", "2,2", "-p", "gib=1,1");
    assertEquals(
        "ScalePaths.walkAnywhere gib=1, 2 threads", run.out().lines().findFirst().orElseThrow());
    assertEquals(2, run.out().lines().count(), run::toString);
  }

  private static CommandRun list(String... options) {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.add("--list");
    CommandRun run = CommandRun.of(arguments.toArray(new String[0]));
    assertEquals(0, run.code(), run::toString);
    return run;
  }

  @Test
  void resultsThatGiveNoChartAreSaidToGiveNone() {
    Path charts = directory.resolve("charts");
    CommandRun none =
        run("--include", "SectionPaths.openAndClose", "--forks", "1", "--charts", "" + charts);
    assertEquals(0, none.code(), none::toString);
    assertEquals("septum: " + ChartsCommand.NOTHING, none.err().strip());
  }

  @Test
  void waitsOfEveryScenarioUnderEveryLockAreMeasured() throws Exception {
    CommandRun run = CommandRun.of("waits", "--seconds", "0.005", "--json", "-");
    assertEquals(0, run.code(), run::toString);
    JsonNode root = new ObjectMapper().readTree(run.out());
    assertTrue(root.at("/machine/cores").asInt() > 0, run::toString);
    JsonNode waits = root.path("waits");
    assertEquals(LockKind.values().length * Scenario.values().length, waits.size());
    for (JsonNode one : waits) {
      assertTrue(one.path("samples").longValue() > 0, one::toString);
      assertTrue(one.path("maxNanos").longValue() >= one.path("p50Nanos").longValue(), one + "");
    }
    CommandRun bad = CommandRun.of("waits", "--seconds", "0");
    assertEquals(2, bad.code());
    assertTrue(
        bad.err()
            .startsWith(
                "septum: Invalid value for option '--seconds': expected a number above 0, at most 3600,"
                    + " found '0.0'"),
        bad::toString);
  }

  @Test
  void footprintOfEveryPeerIsMeasured() throws Exception {
    Path json = directory.resolve("footprint.json");
    CommandRun run = CommandRun.of("footprint", "--pages", "2048", "--json", json.toString());
    assertEquals(0, run.code(), run::toString);
    int rows = Peer.values().length * Mix.values().length;
    assertEquals(rows + 1, run.out().lines().count(), run::toString);
    JsonNode footprints = new ObjectMapper().readTree(json.toFile()).path("footprints");
    assertEquals(rows, footprints.size());
    JsonNode dense = footprints.get(0);
    assertEquals("SEPTUM", dense.path("peer").textValue());
    assertEquals(2048, dense.path("pages").intValue());
    assertTrue(dense.path("bytesPerPage").doubleValue() >= 8, "an entry is 8 bytes: " + dense);
    CommandRun bad = CommandRun.of("footprint", "--pages", "0");
    assertEquals(2, bad.code());
    assertTrue(bad.err().contains("'--pages': expected 1 to 1048576, found '0'"), bad::toString);
  }

  @Test
  void listSaysWhatWouldBeRunAndRunsNothing() {
    CommandRun run = CommandRun.of("--full", "--include", "SectionPaths", "--list");
    assertEquals(0, run.code(), run::toString);
    assertEquals(
        List.of(
            "SectionPaths.openAndClose, 1 thread",
            "SectionPaths.quiesce, 1 thread",
            "2 benchmarks, 5 forks each; 2 min of measuring and warming up"),
        run.out().lines().toList());
  }

  @Test
  void helpIsEverywhere() {
    for (String[] arguments :
        new String[][] {
          {"--help"},
          {"charts", "--help"},
          {"compare", "--help"},
          {"waits", "--help"},
          {"footprint", "--help"}
        }) {
      CommandRun run = CommandRun.of(arguments);
      assertEquals(0, run.code());
      assertTrue(run.out().startsWith("Usage: septum bench "), run::toString);
      assertFalse(run.out().contains("%%"), run::toString);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "--forks 0 | Invalid value for option '--forks': expected 1 to 1000, found '0'",
        "--iterations 0 | Invalid value for option '--iterations': expected 1 to 1000, found '0'",
        "--warmups -1 | Invalid value for option '--warmups': expected 0 to 1000, found '-1'",
        "--threads 1,0 | Invalid value for option '--threads': expected 1 to 1024, found '0'",
        "--threads 1,x | Invalid value for option '--threads' (N): 'x' is not an int",
        "--time 5x | Invalid value for option '--time': expected a time such as 100ms or 1s, found '5x'",
        "--time 0s | Invalid value for option '--time': expected a time such as 100ms or 1s, found '0s'",
        "--include ( | Invalid value for option '--include': expected a regular expression (Unclosed group), found '('",
        "--include NoSuch | no benchmark is called NoSuch",
        "-p size=1 | no benchmark here has a parameter size",
        "--jvm no/such | Invalid value for option '--jvm': expected a program, found 'no/such'",
        "--cref no/such | Invalid value for option '--cref': expected a program, found 'no/such'",
        "--quick --full | --quick, --full are mutually exclusive (specify only one)",
        "--fast | Unknown option: '--fast'",
      })
  void badOptionIsSaidInOneLine(String options, String message) {
    CommandRun run = CommandRun.of(("--list " + options).split(" "));
    assertEquals(2, run.code(), run::toString);
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run::toString);
    assertTrue(run.err().startsWith("septum: " + message), run::toString);
    assertTrue(run.err().contains("(see 'septum bench --help')"), run::toString);
  }

  @Test
  void fileThatCannotBeWrittenIsSaidBeforeTheRun() {
    CommandRun run = run("--json", directory + "/no/such.json");
    assertEquals(2, run.code(), run::toString);
    assertEquals(
        directory + "/no/such.json: cannot be written: no such directory", run.err().strip());
  }

  @Test
  void programInCWantsABenchmarkOfItsKind() throws Exception {
    Path cref = CReferenceTest.script(directory, "exit 0");
    CommandRun run = run("--include", "SectionPaths", "--cref", cref.toString());
    assertEquals(2, run.code(), run::toString);
    assertTrue(run.err().startsWith("septum: --cref wants a benchmark of SeptumPaths"), run.err());
  }

  @Test
  void optionOfARunBeforeAnotherCommandIsRefused() {
    CommandRun run = CommandRun.of("--quick", "compare", "a.json", "b.json");
    assertEquals(2, run.code(), run::toString);
    assertEquals(
        "septum: --quick is not an option of 'compare' (see 'septum bench --help')",
        run.err().strip());
  }

  private static CommandRun run(String... options) {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(SHORT);
    return CommandRun.of(arguments.toArray(new String[0]));
  }
}
