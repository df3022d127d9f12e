package dev.septum.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.septum.simulator.soak.Soak;
import dev.septum.simulator.soak.SoakListener;
import dev.septum.simulator.soak.SoakPlan;
import dev.septum.simulator.soak.SoakResult;
import dev.septum.td.AcceptPolicy;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code septum soak}: what is sound passes, what is broken is found and recorded. */
@Timeout(180)
final class SoakCommandTest {
  @TempDir Path directory;
  private Path record;
  private String out = "";
  private String err = "";

  @BeforeEach
  void nameRecord() {
    record = directory.resolve("last.log");
  }

  @Test
  void shortSoakOfBothKindsIsSound() throws Exception {
    Path json = directory.resolve("out.json");
    assertEquals(
        0,
        soak("--seconds 2 --audit-every 1 --threads 3 --seed 7 --json " + json),
        () -> out + err);
    assertTrue(out.startsWith("seed       7\n"), out);
    assertTrue(out.endsWith("seed       7\n"), out);
    assertFalse(Files.exists(record));
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertEquals(7, root.at("/seed").longValue());
    checkDone(
        root.at("/machines/0"), "normal", "read", "write", "split", "merge", "zap", "slot add");
    checkDone(root.at("/machines/1"), "td", "write", "accept", "shared", "punch", "scan");
    assertTrue(root.at("/machines/1/injected/BUSY").longValue() > 0, root::toString);
  }

  private static void checkDone(JsonNode machine, String kind, String... operations) {
    assertEquals(kind, machine.at("/vm").textValue());
    assertTrue(machine.at("/audits").longValue() > 0, machine::toString);
    assertEquals(0, machine.at("/staleUses").longValue() + machine.at("/lostData").longValue());
    assertEquals(0, machine.at("/findings").size());
    assertTrue(machine.at("/vcpus").longValue() >= 3, machine::toString);
    assertTrue(machine.at("/heap/first").longValue() > 0, machine::toString);
    for (String operation : operations) {
      assertTrue(machine.at("/operations/" + operation).longValue() > 0, machine::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "normal, DROP_FLUSH=1, stale use",
    "td, 'OVER_ZAP=1,BUSY=0.01', lost data",
  })
  void brokenHostIsFoundAndTheLastOperationsCanBeExecuted(String kind, String broken, String what)
      throws Exception {
    String options =
        "--seconds 60 --audit-every 1 --threads 3 --vm " + kind + " --inject " + broken;
    assertEquals(1, soak(options), () -> out + err);
    assertTrue(out.contains("result     FAILED: "), out);
    assertTrue(err.startsWith("septum: the soak failed: "), err);
    assertTrue(err.contains(what), err);
    List<String> lines = Files.readAllLines(record);
    assertTrue(lines.get(0).startsWith("# septum soak --vm " + kind + " --threads 3 --seed "));
    assertTrue(lines.stream().filter(line -> line.contains(", operation ")).count() > 1000);
    assertEquals(0, run("tree", "--script", record.toString(), "--limit", "1"), () -> err);
    assertTrue(out.contains("audit  "), out);
    assertTrue(out.contains("clean"), "one after the other, all is well: " + out);
  }

  @Test
  void leakIsFound() {
    assertEquals(
        1,
        soak("--seconds 60 --audit-every 1 --threads 2 --vm td --max-growth 4K"),
        () -> out + err);
    assertTrue(err.contains("the heap grew by "), err);
    assertTrue(Files.exists(record));
  }

  @ParameterizedTest
  @EnumSource
  void interruptedSoakEndsAtAQuietPointWithAReport(MachineKind kind) throws Exception {
    SoakPlan plan =
        new SoakPlan(
            kind,
            2,
            TimeUnit.HOURS.toNanos(1),
            TimeUnit.HOURS.toNanos(1),
            AcceptPolicy.SHARED,
            Map.of(),
            1,
            1 << 30);
    Interrupter interrupter = new Interrupter();
    Soak soak = new Soak(plan, interrupter);
    interrupter.soak = soak;
    SoakResult result = soak.run();
    assertTrue(result.isInterrupted());
    assertEquals(List.of(), result.findings());
    assertEquals(1, result.audits());
  }

  /** Ends a soak as soon as it has done something. */
  private static final class Interrupter implements SoakListener {
    private Soak soak;

    @Override
    public long intervalMillis() {
      return 1;
    }

    @Override
    public void running(SoakPlan plan, double seconds, long done, int audits, long heap) {
      if (done > 0) {
        soak.interrupt();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--seconds 0 | Invalid value for option '--seconds': expected 1 to 2592000, found '0'",
        "--minutes -1 | Invalid value for option '--minutes': expected 1 to 43200, found '-1'",
        "--minutes 1 --seconds 1 | --minutes and --seconds exclude each other",
        "--threads 257 | Invalid value for option '--threads': expected 1 to 256, found '257'",
        "--vm all | Invalid value for option '--vm': expected normal or td or both, found 'all'",
        "--audit-every 0 | Invalid value for option '--audit-every': expected 1 to 2592000, found '0'",
        "--vm td --inject DROP_FLUSH=1 | --inject DROP_FLUSH wants --vm normal or both",
        "--vm normal --inject BUSY=0.1 | --inject BUSY wants --vm td or both",
        "--inject BUSY=1 | Invalid value for option '--inject': expected a probability from 0 to 0.5 after BUSY=, found '1'",
        "--seed x | Invalid value for option '--seed': 'x' is not a long",
      })
  void badOptionIsSaidInOneLine(String options, String message) {
    assertEquals(2, run(("soak " + options).split(" ")));
    assertEquals("", out);
    assertEquals("septum: " + message + " (see 'septum soak --help')", err.strip());
  }

  @Test
  void recordThatCannotBeWrittenIsSaidBeforeTheRun() {
    record = directory.resolve("none/last.log");
    assertEquals(2, soak("--seconds 1"));
    assertEquals("", out);
    assertEquals(record + ": cannot be written: no such directory", err.strip());
  }

  private int soak(String options) {
    return run(("soak --quiet --record " + record + " " + options).split(" "));
  }

  private int run(String... arguments) {
    StringWriter outText = new StringWriter();
    StringWriter errText = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(outText))
            .setErr(new PrintWriter(errText))
            .execute(arguments);
    out = outText.toString();
    err = errText.toString();
    return code;
  }
}
