package dev.septum.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.septum.simulator.replay.BootPattern;
import dev.septum.simulator.replay.Guest;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code policies} and {@code boot-pattern}: one row a run, the same in each form. */
@Timeout(120)
final class PoliciesCommandTest {
  private static final int GUESTS = 4;
  private static final int POLICIES = 3;
  private static final int SWITCHES = 2;

  @TempDir Path directory;
  private Path trace;
  private String out = "";
  private String err = "";

  @BeforeEach
  void writeTrace() throws Exception {
    trace = Guest.write(directory.resolve("guest.trace"), 2, 4_000, 2_048);
  }

  @Test
  void everyGuestMeetsEveryPolicyWithAndWithoutPromotion() throws Exception {
    Path csv = directory.resolve("out.csv");
    JsonNode root =
        policies(0, "--convert 1000 --punch 1000 --seed 5 --inject BUSY=0.01 --csv " + csv);
    assertEquals("5", root.at("/seed").textValue());
    assertEquals(trace.toString(), root.at("/trace").textValue());
    JsonNode runs = root.at("/runs");
    Set<String> seen = new HashSet<>();
    List<String> lines = Files.readAllLines(csv);
    List<String> names = List.of(lines.get(0).split(","));
    List<String> rows = out.lines().toList();
    assertEquals(GUESTS * POLICIES * SWITCHES, runs.size());
    assertEquals(runs.size() + 1, lines.size());
    assertEquals(runs.size() + 1, rows.size(), out);
    for (int run = 0; run < runs.size(); run++) {
      JsonNode node = runs.get(run);
      List<String> values = List.of(lines.get(run + 1).split(","));
      assertEquals(names.size(), values.size());
      assertEquals(node.size(), values.size());
      for (int column = 0; column < names.size(); column++) {
        JsonNode value = node.get(names.get(column));
        String text = values.get(column);
        if (value.isFloatingPointNumber()) {
          assertEquals(value.doubleValue(), Double.parseDouble(text), 0.01);
        } else {
          assertEquals(value.asText(), text, names.get(column));
        }
      }
      assertTrue(seen.add(String.join(" ", values.subList(0, 3))), lines.get(run + 1));
      assertTrue(rows.get(run + 1).startsWith(values.get(0)), rows.get(run + 1));
      checkRun(node);
    }
  }

  private void checkRun(JsonNode run) {
    boolean ignored = run.get("faultSplit").textValue().equals("ignore");
    boolean promotes = run.get("promote").textValue().equals("on");
    long endless = run.get("endless").longValue();
    assertEquals(0, run.get("lostData").longValue());
    assertTrue(run.get("splits").longValue() > 0, run::toString);
    assertTrue(run.get("retries").longValue() > 0, run::toString);
    assertTrue(ignored || endless == 0, run::toString);
    assertTrue(!run.get("guest").textValue().equals("ve") || !ignored || endless > 0, out);
    assertTrue(promotes || run.get("merges").longValue() == 0, run::toString);
    double share = run.get("share2M").doubleValue();
    assertTrue(share >= 0 && share <= 100, run::toString);
  }

  @Test
  void anOptionLeavesTheOthersOut() throws Exception {
    JsonNode runs = policies(0, "--guest ve --promote off").at("/runs");
    assertEquals(POLICIES, runs.size());
    for (JsonNode run : runs) {
      assertEquals("ve", run.get("guest").textValue());
      assertEquals("off", run.get("promote").textValue());
    }
  }

  @Test
  void aRunThatLosesDataFailsAndIsNamed() throws Exception {
    JsonNode root =
        policies(
            1,
            "--guest linux --fault-split shared --promote off --convert 5000 --repeat 2"
                + " --inject OVER_ZAP=1");
    assertTrue(root.at("/runs/0/lostData").longValue() > 0, root::toString);
    assertTrue(err.contains("this was linux, shared, promotion off, seed "), err);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--vm normal|--vm': expected td, found 'normal'",
        "--guest nobody|--guest': expected linux or ve or reckless or hostile, found 'nobody'",
        "--churn 5|--churn wants --vm normal",
        "--csv no/such/place|no/such/place: cannot be written",
        "--convert -1|--convert': expected 0 to 1000000, found '-1'"
      })
  void badOptionsAreNamed(String options, String message) {
    assertEquals(2, run("policies -q --trace " + trace + " " + options));
    assertTrue(err.contains(message), err);
    assertEquals(1, err.lines().count(), err);
  }

  @Test
  void withoutThePrecheckEachExitTakesTheLockAloneAndWithItEachInhibitedBlockDoes()
      throws Exception {
    assertEquals(0, run("boot-pattern --json"));
    JsonNode root = new ObjectMapper().readTree(out);
    for (String precheck : new String[] {"without", "with"}) {
      JsonNode boot = root.get(precheck);
      assertEquals(boot.get("accepts").longValue(), boot.get("exits").longValue());
      assertEquals(3, boot.get("inhibits").longValue(), "two blocks, and the converted region's");
      assertEquals(0, boot.get("violations").longValue());
      long expected = boot.get(precheck.equals("with") ? "inhibits" : "exits").longValue();
      assertEquals(expected, boot.get("exclusiveAcquisitions").longValue());
    }
    assertEquals(BootPattern.LINUX_WITHOUT, root.at("/without/linux").intValue());
    assertEquals(BootPattern.LINUX_WITH, root.at("/with/linux").intValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"without", "with "})
  void theBootPatternIsATableToo(String row) {
    assertEquals(0, run("boot-pattern"));
    assertTrue(out.contains("\n" + row), out);
  }

  private JsonNode policies(int code, String options) throws Exception {
    Path json = directory.resolve("out.json");
    String line = "policies -q --trace " + trace + " --json " + json + " --memory 8M " + options;
    assertEquals(code, run(line), () -> out + err);
    return new ObjectMapper().readTree(json.toFile());
  }

  private int run(String line) {
    StringWriter outText = new StringWriter();
    StringWriter errText = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(outText))
            .setErr(new PrintWriter(errText))
            .execute(new ArrayList<>(List.of(line.split(" "))).toArray(String[]::new));
    out = outText.toString();
    err = errText.toString();
    return code;
  }
}
