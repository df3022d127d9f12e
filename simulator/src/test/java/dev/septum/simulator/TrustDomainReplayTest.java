package dev.septum.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.septum.simulator.guest.GuestKind;
import dev.septum.simulator.replay.Guest;
import dev.septum.td.AcceptPolicy;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code replay --vm td}: each guest under each policy, with a host that takes its memory away. */
@Timeout(120)
final class TrustDomainReplayTest {
  private static final int VCPUS = 4;
  private static final int ACCESSES = 8_000; // of each vCPU
  private static final int PAGES = 2048;
  private static final int ALL = VCPUS * ACCESSES;
  private static final int CHANGES_PER_MILLION = 1_000;
  private static final int CHANGES = ALL * CHANGES_PER_MILLION / 1_000_000;

  @TempDir Path directory;
  private Path trace;
  private String out = "";
  private String err = "";

  @BeforeEach
  void writeTrace() throws Exception {
    trace = Guest.write(directory.resolve("guest.trace"), VCPUS, ACCESSES, PAGES);
  }

  private static Stream<Arguments> runs() {
    return Stream.of(GuestKind.values())
        .flatMap(
            guest ->
                Stream.of(AcceptPolicy.values())
                    .flatMap(
                        policy ->
                            Stream.of("off", "on")
                                .map(promote -> Arguments.of(guest, policy, promote))));
  }

  @ParameterizedTest(name = "{0}, {1}, promotion {2}")
  @MethodSource("runs")
  void nothingIsLostAndTheRunEnds(GuestKind guest, AcceptPolicy policy, String promote)
      throws Exception {
    JsonNode root =
        replay(
            0,
            "--memory 8M",
            "--guest " + guest,
            "--fault-split " + policy.name().toLowerCase(Locale.ROOT),
            "--promote " + promote,
            "--convert " + CHANGES_PER_MILLION,
            "--punch " + CHANGES_PER_MILLION,
            "--inject BUSY=0.01,INTERRUPTED=0.01,EPOCH_BUSY=0.1,NO_MEMORY=0.1");
    assertEquals(ALL, number(root, "/trace/accesses"));
    assertEquals(0, number(root, "/audit/violations"));
    assertEquals(0, number(root, "/tlb/staleUses"));
    assertEquals(0, number(root, "/td/lostData"));
    assertEquals(CHANGES, number(root, "/conversions"));
    assertEquals(CHANGES, number(root, "/punches"));
    assertTrue(number(root, "/td/demotes") > 0, out);
    assertTrue(number(root, "/td/busyRetries") > 0, out);
    assertTrue(number(root, "/td/kicks") > 0, out);
    assertTrue(number(root, "/td/exclusiveAcquisitions") > CHANGES, out);
    assertTrue(number(root, "/injected/BUSY/count") >= number(root, "/td/busyRetries") / 2, out);
    assertTrue(number(root, "/injected/EPOCH_BUSY/count") > 0, out);
    checkGuest(root, guest, policy);
    checkPolicy(root, policy);
    if (promote.equals("off")) {
      assertEquals(0, number(root, "/td/promotes") + number(root, "/td/promoteRefused"));
    } else if (guest == GuestKind.LINUX) {
      assertTrue(number(root, "/td/promotes") > 0, out);
    }
  }

  private void checkGuest(JsonNode root, GuestKind guest, AcceptPolicy policy) {
    long endless = number(root, "/td/endlessViolations");
    boolean ignored = policy == AcceptPolicy.IGNORE;
    assertEquals(endless, number(root, "/td/anomalies/ENDLESS_VIOLATION"));
    assertTrue(ignored || endless == 0, out);
    assertTrue(ignored || number(root, "/td/givenUp") == 0, out);
    switch (guest) {
      case LINUX -> assertEquals(0, number(root, "/td/exits/VIRTUALIZATION_EXCEPTION"));
      case VE -> {
        assertTrue(number(root, "/td/exits/VIRTUALIZATION_EXCEPTION") > 0, out);
        assertTrue(!ignored || endless > 0, out);
        assertTrue(!ignored || number(root, "/td/givenUp") > 0, out);
      }
      case RECKLESS -> assertTrue(number(root, "/td/anomalies/DOUBLE_ACCEPT") > 0, out);
      case HOSTILE -> {
        assertTrue(number(root, "/td/exits/MMIO") > 0, out);
        assertTrue(number(root, "/td/exits/MEMORY_FAULT") > 0, out);
      }
    }
  }

  private void checkPolicy(JsonNode root, AcceptPolicy policy) {
    long exclusive = number(root, "/td/splitsExclusive");
    long shared = number(root, "/td/splitsShared");
    assertTrue(exclusive == 0 || policy == AcceptPolicy.EXCLUSIVE, out);
    assertTrue(shared == 0 || policy == AcceptPolicy.SHARED, out);
    assertTrue(exclusive + shared <= number(root, "/td/demotes"), out);
    assertTrue(number(root, "/td/inhibits") >= exclusive, out);
    assertTrue(number(root, "/td/inhibits") == 0 || policy == AcceptPolicy.EXCLUSIVE, out);
  }

  @ParameterizedTest
  @ValueSource(strings = {"4k", "2m", "1g"})
  void aQuietLinuxGuestAcceptsItsBlocksOnce(String backing) throws Exception {
    JsonNode root = replay(0, "--backing " + backing, "--repeat 2", "--promote on");
    boolean small = backing.equals("4k");
    assertEquals(2 * ALL, number(root, "/trace/accesses"));
    assertEquals(small ? PAGES : 0, number(root, "/td/accepted/4K"));
    assertEquals(small ? 0 : PAGES / 512, number(root, "/td/accepted/2M"));
    assertEquals(0, number(root, "/td/accepted/1G"));
    for (String size : new String[] {"4K", "2M", "1G"}) {
      assertEquals(0, number(root, "/td/pending/" + size));
    }
    assertEquals(0, number(root, "/conversions") + number(root, "/punches"));
    assertEquals(0, number(root, "/td/demotes") + number(root, "/td/promotes"));
    for (String anomaly :
        new String[] {
          "DOUBLE_ACCEPT", "MIXED_LEVEL_ACCEPT", "UNACCEPTED_TOUCH", "ENDLESS_VIOLATION"
        }) {
      assertEquals(0, number(root, "/td/anomalies/" + anomaly));
    }
    assertEquals(small ? PAGES : PAGES / 512, number(root, "/td/seamcalls/TDH.MEM.PAGE.AUG"));
    assertTrue(number(root, "/td/seamcalls/TDH.VP.ENTER") >= 2 * ALL, out);
    assertEquals("linux", root.at("/td/guest").textValue());
    assertEquals("exclusive", root.at("/td/faultSplit").textValue());
  }

  /** The broken variant: the host takes more than it says. */
  @ParameterizedTest
  @ValueSource(strings = {"--convert", "--punch"})
  void aPageTakenTooManyIsLostData(String change) throws Exception {
    JsonNode root = replay(1, change + " 5000", "--inject OVER_ZAP=1", "--repeat 2");
    assertTrue(number(root, "/td/lostData") > 0, () -> "seed " + root.at("/seed"));
    assertTrue(number(root, "/injected/OVER_ZAP/count") > 0, out);
    assertEquals(0, number(root, "/audit/violations"));
    assertEquals(0, number(root, "/tlb/staleUses"));
    assertTrue(err.contains("pages of lost data"), err);
    assertTrue(out.contains("result     FAILED: "), out);
  }

  @Test
  void lossOfPageThatNobodyTouchesAgainIsFoundAtTheEnd() throws Exception {
    trace = null; // the boot that ships with Septum touches each page once
    JsonNode root = replay(1, "--guest ve", "--convert 500", "--inject OVER_ZAP=1");
    assertTrue(number(root, "/td/lostData") > 0, () -> "seed " + root.at("/seed"));
  }

  @Test
  void theReportSaysWhatTheJsonSays() throws Exception {
    JsonNode root =
        replay(0, "--guest ve", "--promote on", "--convert 2000", "--punch 1000", "--seed 9");
    assertTrue(out.contains("TD         guest ve, fault split exclusive, promotion on"), out);
    assertTrue(out.contains("seed       9"), out);
    for (String field : new String[] {"demotes", "promotes", "kicks", "inhibits"}) {
      String shown = String.format(Locale.ROOT, "%,d %s", number(root, "/td/" + field), field);
      assertTrue(out.contains(" " + shown), shown + "\n" + out);
    }
    assertTrue(out.contains(" 64 conversions") && out.contains(" 32 holes"), out);
    assertTrue(out.contains(" VIRTUALIZATION_EXCEPTION"), out);
    assertTrue(out.contains(" TDH.MEM.PAGE.DEMOTE"), out);
    assertTrue(out.contains(" 0 pages of lost data"), out);
  }

  private static long number(JsonNode root, String path) {
    JsonNode node = root.at(path);
    assertTrue(node.isIntegralNumber(), path);
    return node.longValue();
  }

  /** Replays the trace in a trust domain, and reads its JSON. */
  private JsonNode replay(int code, String... options) throws Exception {
    Path json = directory.resolve("out.json");
    List<String> line =
        new ArrayList<>(List.of("replay", "-q", "--vm", "td", "--json", json.toString()));
    if (trace != null) {
      line.addAll(List.of("--trace", trace.toString()));
    }
    for (String option : options) {
      line.addAll(List.of(option.split(" ")));
    }
    StringWriter outText = new StringWriter();
    StringWriter errText = new StringWriter();
    int found =
        Main.commandLine()
            .setOut(new PrintWriter(outText))
            .setErr(new PrintWriter(errText))
            .execute(line.toArray(String[]::new));
    out = outText.toString();
    err = errText.toString();
    assertEquals(code, found, () -> out + err);
    return new ObjectMapper().readTree(json.toFile());
  }
}
