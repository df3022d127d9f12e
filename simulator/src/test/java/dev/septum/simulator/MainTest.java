package dev.septum.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.septum.simulator.guest.GuestKind;
import dev.septum.simulator.replay.Guest;
import dev.septum.simulator.replay.Injection;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command line as a user meets it: exit codes, messages, files. */
class MainTest {
  @TempDir Path directory;

  private String out = "";
  private String err = "";

  @Test
  void withoutArgumentsTheShippedBootIsReplayed() {
    assertEquals(0, run());
    assertTrue(out.contains("87,871 accesses by 4 vCPUs"), out);
    assertTrue(out.contains("87,575"), out);
    assertTrue(out.contains("84,141"), out);
    assertTrue(out.contains("result     OK"), out);
  }

  @Test
  void helpIsEverywhere() {
    assertEquals(0, run("--help"));
    assertTrue(out.contains("replay") && out.contains("conform"), out);
    for (String command :
        new String[] {
          "replay",
          "conform",
          "decode",
          "tree",
          "policies",
          "soak",
          "boot-pattern",
          "flush-counts",
          "generate-completion"
        }) {
      assertEquals(0, run(command, "--help"));
      assertTrue(out.startsWith("Usage: septum " + command), out);
    }
    assertEquals(0, run("--version"));
    assertTrue(out.startsWith("septum "), out);
  }

  @Test
  void flushCountsAreJsonToo() throws Exception {
    assertEquals(0, run("flush-counts", "--memory", "16M", "--json", "-"), err);
    JsonNode root = new ObjectMapper().readTree(out);
    assertEquals("merge", root.at("/steps/2/step").textValue());
    assertEquals(8, number(root, "/steps/2/pages"));
    assertEquals(1, number(root, "/steps/2/flushes"));
    assertEquals(76, number(root, "/linux/flushesGathered"));
    assertEquals(2, run("flush-counts", "--memory", "1M"));
    assertTrue(err.startsWith("septum: --memory wants a multiple of 2M"), err);
  }

  @Test
  void jsonOfCountsGoesToAFileBesideTheReport() throws Exception {
    Path json = directory.resolve("out.json");
    assertEquals(0, run("flush-counts", "--memory", "16M", "--json", json.toString()), err);
    assertTrue(out.startsWith("step "), out);
    assertEquals(4, new ObjectMapper().readTree(json.toFile()).path("steps").size());
    assertEquals(0, run("boot-pattern", "--json", json.toString()), err);
    assertTrue(out.startsWith("precheck "), out);
    assertEquals(11, number(new ObjectMapper().readTree(json.toFile()), "/with/linux"));
    assertEquals(2, run("boot-pattern", "--json", directory + "/no/out.json"));
    assertEquals("", out);
    assertEquals(directory + "/no/out.json: cannot be written: no such directory", err.strip());
    assertEquals(2, run("flush-counts", "--memory", "16M", "--json", ""));
    assertTrue(err.startsWith("septum: Invalid value for option '--json': expected a file"), err);
  }

  @Test
  void reportsSayThatTlbsAreOff() throws Exception {
    Path json = directory.resolve("out.json");
    assertEquals(0, run("replay", "--tlb", "off", "--json", json.toString()), err);
    assertTrue(out.lines().anyMatch(line -> line.matches("TLBs +off +[0-9,]+ walks")), out);
    assertFalse(out.contains("stale uses"), out);
    assertFalse(new ObjectMapper().readTree(json.toFile()).at("/tlb/on").asBoolean(true));
    assertEquals(0, run("replay", "--json", json.toString()), err);
    assertTrue(out.contains("stale uses"), out);
    assertTrue(new ObjectMapper().readTree(json.toFile()).at("/tlb/on").asBoolean(false));
  }

  @Test
  void speedOfReadingIsInLines() {
    assertEquals(0, run());
    assertTrue(
        out.lines().anyMatch(line -> line.matches("speed +read in .* s: .* lines/s;.*")), out);
  }

  @Test
  void benchmarksAreSaidToBeElsewhere() {
    assertEquals(2, run("bench", "compare", "a.json", "--help"));
    assertEquals(
        "septum: the benchmarks are not in this jar; run 'bin/septum bench compare a.json --help'",
        err.strip());
  }

  @Test
  void completionKnowsTheOptions() {
    assertEquals(0, run("generate-completion"));
    assertTrue(out.contains("--backing") && out.contains("\"4k\""), out);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "--vcpus 0 | '--vcpus': expected 1 to 1024, found '0'",
        "--vcpus 1025 | '--vcpus': expected 1 to 1024, found '1025'",
        "--vcpus many | '--vcpus': 'many' is not an int",
        "--repeat 0 | '--repeat': expected 1 to 2147483647, found '0'",
        "--churn -1 | '--churn': expected 1 to 1000000, found '-1'",
        "--memory 0 | '--memory': expected a size of 4K to 2048T, found '0'",
        "--memory 4096T | '--memory': expected a size of 4K to 2048T, found '4096T'",
        "--memory 9999999999999999T | '--memory': expected a size of 4K to 2048T, found '9999999999999999T'",
        "--memory 5000 | '--memory': expected a multiple of 4096 bytes, found '5000'",
        "--memory 1Q | '--memory': expected a size such as 512M or 4G (suffixes K, M, G, T), found '1Q'",
        "--backing 4m | '--backing': expected 4k or 2m or 1g, found '4m'",
        "--format elf | '--format': expected auto or septum or ftrace or lackey, found 'elf'",
        "--vm tdx | '--vm': expected normal or td, found 'tdx'",
        "--inject DROP_IPI=1 | '--inject': expected KIND=P, with a KIND of DROP_FLUSH, BUSY, INTERRUPTED, EPOCH_BUSY, NO_MEMORY, OVER_ZAP, found 'DROP_IPI=1'",
        "--inject DROP_FLUSH | '--inject': expected KIND=P, with a KIND of DROP_FLUSH, BUSY, INTERRUPTED, EPOCH_BUSY, NO_MEMORY, OVER_ZAP, found 'DROP_FLUSH'",
        "--inject DROP_FLUSH=1.5 | '--inject': expected a probability from 0 to 1 after DROP_FLUSH=, found '1.5'",
        "--inject DROP_FLUSH=NaN | '--inject': expected a probability from 0 to 1 after DROP_FLUSH=, found 'NaN'",
        "--inject BUSY=1 | '--inject': expected a probability from 0 to 0.5 after BUSY=, found '1'",
        "--inject BUSY=.1,busy=.2 | '--inject': expected BUSY once, found 'BUSY=.1,busy=.2'",
        "--inject BUSY=.1, | '--inject': expected KIND=P, with a KIND of DROP_FLUSH, BUSY, INTERRUPTED, EPOCH_BUSY, NO_MEMORY, OVER_ZAP, found ''",
        "--guest bsd | '--guest': expected linux or ve or reckless or hostile, found 'bsd'",
        "--fault-split no | '--fault-split': expected ignore or exclusive or shared, found 'no'",
        "--promote yes | '--promote': expected off or on, found 'yes'",
        "--vm td --convert -1 | '--convert': expected 0 to 1000000, found '-1'",
        "--vm td --punch 1000001 | '--punch': expected 0 to 1000000, found '1000001'",
        "--vm td --vcpus 513 | '--vcpus': expected 1 to 512, found '513'",
        "--seed x | '--seed': 'x' is not a long",
      })
  void badOptionIsSaidInOneLine(String options, String message) {
    assertEquals(2, run(("replay " + options).split(" ")));
    assertEquals("", out);
    assertEquals(
        "septum: Invalid value for option " + message + " (see 'septum replay --help')",
        err.strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--guest ve | --guest wants --vm td",
        "--fault-split shared | --fault-split wants --vm td",
        "--convert 0 | --convert wants --vm td",
        "--punch 1 | --punch wants --vm td",
        "--vm normal --promote off | --promote wants --vm td",
        "--inject DROP_FLUSH=0.1,BUSY=0.1 | --inject BUSY wants --vm td",
        "--vm td --inject DROP_FLUSH=1 | --inject DROP_FLUSH wants --vm normal",
        "--vm td --inject OVER_ZAP=1 | --inject OVER_ZAP wants --convert or --punch",
        "--inject OVER_ZAP=1 | --inject OVER_ZAP wants --vm td",
        "--vm td --churn 1 | --churn wants --vm normal",
        "--tlb off --inject DROP_FLUSH=1 | --inject DROP_FLUSH wants --tlb on",
      })
  void optionThatAnotherForbidsIsRefused(String options, String message) {
    assertEquals(2, run(("replay " + options).split(" ")));
    assertEquals("", out);
    assertEquals("septum: " + message + " (see 'septum replay --help')", err.strip());
  }

  @Test
  void helpNamesEveryInjectionAndGuest() {
    assertEquals(0, run("replay", "--help"));
    for (Injection kind : Injection.values()) {
      assertTrue(out.contains("  " + kind + " "), kind.name());
    }
    for (GuestKind guest : GuestKind.values()) {
      assertTrue(out.contains("  " + guest + " "), guest.name());
    }
  }

  @Test
  void memoryThatNoTrustDomainHasIsBadInput() throws Exception {
    Path trace = Files.writeString(directory.resolve("a.trace"), "0 R fffffffffff000\n");
    assertEquals(2, run("replay", "--vm", "td", "--trace", trace.toString()));
    assertTrue(err.startsWith(trace + ":1: expected"), err);
    Files.writeString(trace, "0 R 8000000000000\n");
    assertEquals(0, run("replay", "--trace", trace.toString()));
    assertEquals(2, run("replay", "--vm", "td", "--trace", trace.toString()));
    assertTrue(err.startsWith(trace + ": expected a trust domain's memory"), err);
    Files.writeString(trace, "0 R 7fffffffff000\n");
    assertEquals(0, run("replay", "--vm", "td", "--trace", trace.toString()), err);
    assertEquals(2, run("replay", "--vm", "td", "--trace", trace.toString(), "--memory", "2048T"));
    StringBuilder many = new StringBuilder();
    for (int vcpu = 0; vcpu < 513; vcpu++) {
      many.append(vcpu).append(" R 0\n");
    }
    Files.writeString(trace, many);
    assertEquals(2, run("replay", "--vm", "td", "--trace", trace.toString()));
    assertTrue(err.contains("expected at most 512 vCPUs of a trust domain, found 513"), err);
  }

  @Test
  void unknownOptionsAndCommandsAreBadUsage() {
    for (String[] line :
        new String[][] {{"--bogus"}, {"bogus"}, {"replay", "--bogus"}, {"replay", "bogus"}}) {
      assertEquals(2, run(line));
      assertEquals("", out);
      assertTrue(err.startsWith("septum: ") && err.strip().lines().count() == 1, err);
    }
    assertEquals(2, run("replay", "--trace"));
    assertEquals(2, run("replay", "--trace", ""));
  }

  @Test
  void badInputIsSaidInOneLine() throws Exception {
    Path trace = Files.writeString(directory.resolve("bad.trace"), "0 R 1000\n0 R\n");
    assertEquals(2, run("replay", "--trace", trace.toString()));
    assertEquals(
        trace + ":2: expected an address in hexadecimal, found the end of the line", err.strip());
    assertEquals(2, run("replay", "--trace", directory.resolve("none").toString()));
    assertEquals(directory.resolve("none") + ": no such file", err.strip());
    assertEquals("", out);
  }

  @Test
  void addressBeyondMemoryIsBadInput() throws Exception {
    Path trace = Files.writeString(directory.resolve("a.trace"), "0 R 0\n0 W 100000\n");
    assertEquals(0, run("replay", "--trace", trace.toString(), "--memory", "2M"));
    assertEquals(2, run("replay", "--trace", trace.toString(), "--memory", "1M"));
    assertTrue(err.startsWith(trace + ":2: expected an address below 0x100000"), err);
  }

  @Test
  void jsonThatCannotBeWrittenIsSaidBeforeTheRun() throws Exception {
    assertEquals(2, run("replay", "--json", directory.resolve("no/out.json").toString()));
    assertEquals("", out);
    assertTrue(err.strip().endsWith("cannot be written: no such directory"), err);
    Path trace = Files.writeString(directory.resolve("a.trace"), "0 R 0\n");
    assertEquals(2, run("replay", "--trace", trace.toString(), "--json", trace.toString()));
    assertEquals(trace + ": is the trace itself", err.strip());
    assertEquals("0 R 0\n", Files.readString(trace));
  }

  @Test
  void jsonHasAllFields() throws Exception {
    Path trace = Guest.write(directory.resolve("guest.trace"), 4, 1000, 512);
    Path json = directory.resolve("out.json");
    String[] line = {
      "replay",
      "--trace",
      trace.toString(),
      "--backing",
      "4k",
      "--repeat",
      "3",
      "--json",
      json.toString(),
      "--seed",
      "7",
      "--vm",
      "normal",
      "--format",
      "septum"
    };
    assertEquals(0, run(line));
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertEquals("septum", root.at("/trace/format").textValue());
    assertEquals(trace.toString(), root.at("/trace/file").textValue());
    assertEquals(12_000, number(root, "/trace/accesses"));
    assertEquals(1, number(root, "/trace/skippedLines"));
    assertEquals(4, number(root, "/trace/vcpus"));
    assertEquals(512, number(root, "/mapped/4K"));
    assertEquals(0, number(root, "/mapped/2M") + number(root, "/mapped/1G"));
    assertEquals(256, number(root, "/dirty/4K"));
    assertEquals(0, number(root, "/dirty/2M") + number(root, "/dirty/1G"));
    assertEquals(512, number(root, "/faults/fixed"));
    assertTrue(number(root, "/faults/spurious") + number(root, "/faults/retry") >= 0);
    assertEquals(0, number(root, "/splits") + number(root, "/merges") + number(root, "/zaps"));
    assertEquals(4, number(root, "/tables/live"));
    assertEquals(4, number(root, "/tables/peak"));
    assertEquals(0, number(root, "/tables/waiting"));
    assertTrue(number(root, "/tlb/hits") + number(root, "/tlb/misses") >= 12_000);
    assertEquals(0, number(root, "/tlb/flushes") + number(root, "/tlb/staleUses"));
    assertEquals(0, number(root, "/audit/violations"));
    assertTrue(root.at("/timing/seconds").doubleValue() > 0);
    assertTrue(root.at("/timing/accessesPerSecond").doubleValue() > 0);
    assertTrue(root.at("/timing/readSeconds").doubleValue() > 0);
    assertEquals(4, root.at("/timing/vcpus").size());
    assertEquals(3_000, number(root, "/timing/vcpus/3/accesses"));
    assertTrue(root.at("/timing/vcpus/3/accessesPerCpuSecond").doubleValue() > 0);
    assertEquals(7, number(root, "/seed"));
  }

  @Test
  void jsonToStandardOutputIsAllThatIsThere() throws Exception {
    assertEquals(0, run("replay", "--json", "-", "--quiet"));
    assertEquals(174, number(new ObjectMapper().readTree(out), "/mapped/2M"));
    assertEquals("", err);
  }

  @Test
  void lostFlushesFailTheRunAndItsJsonIsWritten() throws Exception {
    Path trace = Guest.write(directory.resolve("guest.trace"), 4, 4000, 256);
    Path json = directory.resolve("out.json");
    String[] line = {
      "replay",
      "--trace",
      trace.toString(),
      "--repeat",
      "300",
      "--churn",
      "20000",
      "--inject",
      "DROP_FLUSH=1",
      "--json",
      json.toString()
    };
    assertEquals(1, run(line));
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertTrue(number(root, "/tlb/staleUses") > 0, () -> "seed " + root.at("/seed"));
    assertEquals(0, number(root, "/tlb/flushes"));
    assertTrue(err.contains("septum: the replay failed: "), err);
    assertTrue(out.contains("result     FAILED: "), out);
  }

  @Test
  void fullArenaFailsTheRunAndLeavesNothingHalfDone() throws Exception {
    Path json = directory.resolve("out.json");
    assertEquals(
        1, run("replay", "--backing", "4k", "--max-tables", "20", "--json", json.toString()));
    assertTrue(err.contains("the table arena is full: limit 20 tables"), err);
    assertFalse(err.contains("\tat "), err);
    JsonNode root = new ObjectMapper().readTree(json.toFile());
    assertTrue(root.at("/failure").textValue().contains("arena is full"));
    assertEquals(0, number(root, "/audit/violations"));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void standardInputIsRead() {
    InputStream before = System.in;
    try {
      System.setIn(
          new ByteArrayInputStream(
              "5 W 7ffffffff000\n900 R ffffffffff000\n".getBytes(StandardCharsets.UTF_8)));
      assertEquals(0, run("replay", "--trace", "-", "--backing", "1g"));
      assertTrue(out.contains("2 GiB in 2 slots, backed by pages of 1G, 5-level tree"), out);
      System.setIn(new ByteArrayInputStream("5 W\n".getBytes(StandardCharsets.UTF_8)));
      assertEquals(2, run("replay", "--trace", "-"));
      assertTrue(err.startsWith("<stdin>:1: expected an address"), err);
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void reportsNameTheFormatThatWasFound() throws Exception {
    Path trace =
        Files.writeString(
            directory.resolve("a.trace"),
            "cpus=1\n q-9 [000] 1.0: kvm_page_fault: address fee000b0 error_code 2\n");
    assertEquals(0, run("replay", "--trace", trace.toString(), "--json", "-", "-q"));
    JsonNode root = new ObjectMapper().readTree(out);
    assertEquals("ftrace", root.at("/trace/format").textValue());
    assertEquals(1, number(root, "/trace/skippedLines"));
    assertEquals(9, number(root, "/trace/vcpuIds/0"));
    Files.writeString(trace, " M 04000ffe,4\n");
    assertEquals(0, run("replay", "--trace", trace.toString(), "--format", "lackey"));
    assertTrue(out.contains("(lackey), 1 line\n"), out);
    assertTrue(out.contains("4 accesses by 1 vCPU"), out);
    assertEquals(2, run("replay", "--trace", trace.toString(), "--format", "septum"));
    assertEquals(trace + ":1: expected a vCPU number, found 'M'", err.strip());
  }

  private static long number(JsonNode root, String path) {
    JsonNode node = root.at(path);
    assertTrue(node.isIntegralNumber(), path);
    return node.longValue();
  }

  private int run(String... arguments) {
    StringWriter outText = new StringWriter();
    StringWriter errText = new StringWriter();
    CommandLine command =
        Main.commandLine().setOut(new PrintWriter(outText)).setErr(new PrintWriter(errText));
    int code = command.execute(arguments);
    out = outText.toString();
    err = errText.toString();
    return code;
  }
}
