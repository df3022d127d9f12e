package dev.septum.simulator.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.simulator.BadInputException;
import dev.septum.vm.GuestAccess;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole traces of each format, and how a trace shows its own. */
class TraceFormatTest {
  @TempDir Path directory;

  /** An old kernel on Intel and AMD, a new one through trace-cmd, one with thread groups. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "linux-3.10-trace.txt  | 7 | 16 | 4711:XR 4712:WW 4713:XRW",
        "linux-6-trace-cmd.txt | 4 |  5 | 0:W 7:RXR",
        "amd-6-tgid-trace.txt  | 4 |  3 | 31001:XW 31002:RW",
      })
  void dialectsOfTheTracepointAreKnownByThemselves(
      String name, int accesses, int skipped, String byVcpu) throws Exception {
    Trace trace = read(resource(name), null);
    assertEquals(TraceFormat.FTRACE, trace.format());
    assertEquals(accesses, trace.accesses());
    assertEquals(skipped, trace.skippedLines());
    assertEquals(accesses + skipped, trace.lines());
    assertEquals(
        byVcpu,
        trace.streams().stream()
            .map(stream -> stream.vcpu() + ":" + letters(stream.log()))
            .collect(Collectors.joining(" ")));
  }

  /** 257 instructions, 32 loads, 32 stores, 3 of both; one instruction lies across two pages. */
  @Test
  void recordedCommandIsKnownByItself() throws Exception {
    Trace trace = read(resource("true.lackey"), null);
    assertEquals(TraceFormat.LACKEY, trace.format());
    assertEquals(332, trace.lines());
    assertEquals(8, trace.skippedLines());
    assertEquals(257 + 32 + 32 + 2 * 3 + 1, trace.accesses());
    assertEquals(1, trace.recordedVcpus());
    assertEquals(0, trace.streams().get(0).vcpu());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "0 R 1000|septum|0",
        "# of a guest\\n\\n 17 W 0x1000|septum|2",
        "kvm_page_fault: address 1000 error_code 2|ftrace|0",
        "version = 6\\ncpus=1\\n q-9 [000] 1.0: kvm_page_fault: address 1000 error_code 2|ftrace|2",
        " q-9 [000] .... 1.0: sched_switch: x\\nkvm_page_fault: address 0 error_code 2|ftrace|1",
        "CPU:3 [LOST 17 EVENTS]\\nkvm_page_fault: address 0 error_code 2|ftrace|1",
        "I  04000000,3|lackey|0",
        " S 04000000,3|lackey|0",
        "==9== Lackey\\nI  04000000,3|lackey|1",
        "--9-- Valgrind\\nI  04000000,3|lackey|1",
      })
  void firstLineThatSaysSomethingShowsTheFormat(String text, String format, int skipped)
      throws Exception {
    Trace trace = read(write(text), null);
    assertEquals(format, trace.format().toString());
    assertEquals(1, trace.accesses());
    assertEquals(skipped, trace.skippedLines());
  }

  @Test
  void traceOfNoFormatIsRefused() throws Exception {
    Path file = write("# notes\\nonce upon a time");
    assertEquals(
        file
            + ":2: expected a line of a septum, ftrace or lackey trace (--format names one),"
            + " found 'once'",
        refused(file, null));
  }

  @Test
  void formatHoldsToTheEnd() throws Exception {
    Path file = write("0 R 1000\\nI  04000000,3");
    assertEquals(file + ":2: expected a vCPU number, found 'I'", refused(file, null));
  }

  @Test
  void formatThatIsAskedForIsNotDoubted() throws Exception {
    Path file = write("0 R 1000");
    assertEquals(
        file + ": expected at least one access, found none", refused(file, TraceFormat.FTRACE));
    assertEquals(
        file + ":1: expected I, L, S or M, or a line of valgrind's own, found '0'",
        refused(file, TraceFormat.LACKEY));
  }

  private static String letters(AccessLog log) {
    StringBuilder text = new StringBuilder();
    for (long i = 0; i < log.size(); i++) {
      text.append(" RW X".charAt(GuestAccess.bits(log.get(i))));
    }
    return text.toString();
  }

  private Path write(String text) throws Exception {
    return Files.writeString(directory.resolve("a.trace"), text.replace("\\n", "\n"));
  }

  private static Path resource(String name) throws Exception {
    URL url = Objects.requireNonNull(TraceFormatTest.class.getResource(name));
    return Path.of(url.toURI());
  }

  private static Trace read(Path file, @Nullable TraceFormat format) throws BadInputException {
    return Trace.read(TraceSource.file(file), format, 0, 0, lines -> {});
  }

  private static String refused(Path file, @Nullable TraceFormat format) {
    return assertThrows(BadInputException.class, () -> read(file, format)).getMessage();
  }
}
