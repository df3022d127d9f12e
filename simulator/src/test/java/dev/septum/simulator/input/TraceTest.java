package dev.septum.simulator.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.simulator.BadInputException;
import dev.septum.vm.GuestAccess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From bytes to accesses, and what is said of bytes that are none. */
class TraceTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = directory.resolve("a.trace");
  }

  @Test
  void readsAccessesByVcpu() throws Exception {
    Trace trace = read("3 R 1000\n0 W 2000\n3 X abcdef000\n");
    assertEquals(3, trace.accesses());
    assertEquals(0, trace.skippedLines());
    assertEquals(2, trace.recordedVcpus());
    assertEquals(0, trace.streams().get(0).vcpu());
    assertEquals(3, trace.streams().get(1).vcpu());
    assertAccess(0x2000, Access.WRITE, trace.streams().get(0).log().get(0));
    assertAccess(0x1000, Access.READ, trace.streams().get(1).log().get(0));
    assertAccess(0xabcdef000L, Access.EXECUTE, trace.streams().get(1).log().get(1));
  }

  @Test
  void toleratesCommentsBlanksPrefixesAndLineEnds() throws Exception {
    Trace trace =
        read("# comment\r\n\r\n  \t\n0 R 0x1000\r\n \t1\tW  0XFf000  \n # another\n2 X 0");
    assertEquals(3, trace.accesses());
    assertEquals(4, trace.skippedLines());
    assertAccess(0xff000, Access.WRITE, trace.streams().get(1).log().get(0));
    assertAccess(0, Access.EXECUTE, trace.streams().get(2).log().get(0));
  }

  @Test
  void sparseAndLargeVcpuNumbersAreKept() throws Exception {
    Trace trace = read("2147483647 R 0\n17 R 0\n");
    assertEquals(17, trace.streams().get(0).vcpu());
    assertEquals(Integer.MAX_VALUE, trace.streams().get(1).vcpu());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "x R 1000      | expected a vCPU number, found 'x'",
        "-1 R 1000     | expected a vCPU number, found '-1'",
        "1x R 1000     | expected a vCPU number, found '1x'",
        "2147483648 R 0| expected a vCPU number up to 2147483647, found '2147483648'",
        "0             | expected R, W or X, found the end of the line",
        "0 Q 1000      | expected R, W or X, found 'Q'",
        "0 r 1000      | expected R, W or X, found 'r'",
        "0 RW 1000     | expected R, W or X, found 'RW'",
        "0 1000        | expected R, W or X, found '1000'",
        "0 R           | expected an address in hexadecimal, found the end of the line",
        "0 R zz        | expected an address in hexadecimal, found 'zz'",
        "0 R 0x        | expected an address in hexadecimal, found '0x'",
        "0 R 10g       | expected an address in hexadecimal, found '10g'",
        "0 R -1        | expected an address in hexadecimal, found '-1'",
        "0 R 1000 2000 | expected the end of the line, found '2000'",
        "0 R 1000 #    | expected the end of the line, found '#'",
        "0 R 10000000000000 | expected an address of at most 52 bits, found '0x10000000000000'",
        "0 R 8000000000000000 | expected an address of at most 52 bits, found '8000000000000000'",
        "0 R 123456789abcdef01 | expected an address of at most 52 bits, found '123456789abcdef01'",
        "0 R fffffffffffffffffffffffff | expected an address of at most 52 bits, found 'fffffffffffffffffffffffff'",
      })
  void saysWhatIsWrongWithLine(String line, String message) {
    assertEquals(file + ":2: " + message, refused("# first\n" + line.strip() + "\n0 R 0\n"));
  }

  @Test
  void widestAddressAndLeadingZerosAreFine() throws Exception {
    Trace trace = read("0 R fffffffffffff\n0 R 0x000000000000000000001000\n");
    assertEquals(0xffffffffffL, GuestAccess.gfn(trace.streams().get(0).log().get(0)));
    assertEquals(1, GuestAccess.gfn(trace.streams().get(0).log().get(1)));
  }

  @Test
  void foundTextIsFitForTerminal() {
    assertEquals(
        file + ":1: expected a vCPU number, found '\\x1b[31m\\x00'", refused("\u001b[31m\u0000\n"));
    assertEquals(
        file + ":1: expected a vCPU number, found '" + "y".repeat(40) + "...'",
        refused("y".repeat(1000)));
  }

  @Test
  void lineWithoutEndIsRefused() {
    assertEquals(
        file + ":2: expected a line of at most 65536 bytes, found a longer one",
        refused("\n" + "y".repeat(300_000)));
  }

  @Test
  void addressBeyondMemoryIsRefused() throws Exception {
    write("0 R 1fffffff\n0 R 20000000\n".getBytes(StandardCharsets.UTF_8));
    assertEquals(
        file
            + ":2: expected an address below 0x20000000, where the guest's memory ends,"
            + " found '0x20000000'",
        assertThrows(BadInputException.class, () -> read(512 << 20, 0)).getMessage());
  }

  @Test
  void moreVcpusThanCanBeAreRefused() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int vcpu = 0; vcpu <= Trace.MAX_VCPUS; vcpu++) {
      text.append(vcpu).append(" R 0\n");
    }
    assertEquals(
        file
            + ":1025: expected at most 1024 different vCPUs (--vcpus N deals all accesses to N),"
            + " found one more, '1024'",
        refused(text.toString()));
    assertEquals(2, read(0, 2).streams().size());
  }

  @Test
  void emptyTraceIsRefused() {
    assertEquals(file + ": expected at least one access, found none", refused(""));
    assertEquals(file + ": expected at least one access, found none", refused("# only words\n"));
  }

  @Test
  void missingFileAndDirectoryAreRefused() {
    assertEquals(
        file + ": no such file",
        assertThrows(BadInputException.class, () -> read(0, 0)).getMessage());
    assertEquals(
        directory + ": is a directory, not a trace",
        assertThrows(
                BadInputException.class,
                () ->
                    Trace.read(TraceSource.file(directory), TraceFormat.SEPTUM, 0, 0, lines -> {}))
            .getMessage());
  }

  @Test
  void gzipIsSeenByItself() throws Exception {
    write(gzip("0 R 1000\n".repeat(100_000)));
    assertEquals(100_000, read(0, 0).accesses());
  }

  @Test
  void gzipOfSeveralMembersIsReadWhole() throws Exception {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(gzip("0 R 1000\n"));
    both.write(gzip("0 R 2000\n"));
    write(both.toByteArray());
    assertEquals(2, read(0, 0).accesses());
  }

  @Test
  void brokenGzipIsRefused() throws Exception {
    byte[] whole = gzip("0 R 1000\n".repeat(100_000));
    for (int length : new int[] {2, 9, whole.length / 2, whole.length - 1}) {
      write(Arrays.copyOf(whole, length));
      assertEquals(
          file + ": broken gzip: it ends too early",
          assertThrows(BadInputException.class, () -> read(0, 0)).getMessage());
    }
    whole[whole.length - 8] ^= 1; // its checksum
    write(whole);
    String message = assertThrows(BadInputException.class, () -> read(0, 0)).getMessage();
    assertTrue(message.startsWith(file + ": broken gzip: "), message);
  }

  @Test
  void malformedLineOfSoundGzipIsNamed() throws Exception {
    write(gzip("0 R 1000\n?\n"));
    assertEquals(
        file + ":2: expected a vCPU number, found '?'",
        assertThrows(BadInputException.class, () -> read(0, 0)).getMessage());
  }

  @Test
  void linesThatCrossTheBufferAreWhole() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 200_000; i++) {
      text.append(i % 3).append(" W ").append(Long.toHexString((long) i << 12)).append('\n');
    }
    Trace trace = read(text.toString());
    assertEquals(200_000, trace.accesses());
    for (int i = 0; i < 200_000; i++) {
      assertEquals(i, GuestAccess.gfn(trace.streams().get(i % 3).log().get(i / 3)));
    }
  }

  @Test
  void shippedTraceIsThere() throws Exception {
    Trace trace = Trace.read(TraceSource.shipped(), TraceFormat.SEPTUM, 0, 0, lines -> {});
    assertEquals(87_871, trace.accesses());
    assertEquals(4, trace.streams().size());
  }

  private static void assertAccess(long gpa, Access access, long packed) {
    assertEquals(gpa >>> 12, GuestAccess.gfn(packed));
    assertEquals(access.bit(), GuestAccess.bits(packed));
  }

  private Trace read(String text) throws IOException, BadInputException {
    write(text.getBytes(StandardCharsets.UTF_8));
    return read(0, 0);
  }

  private Trace read(long memory, int vcpus) throws BadInputException {
    return Trace.read(TraceSource.file(file), TraceFormat.SEPTUM, memory, vcpus, lines -> {});
  }

  private String refused(String text) {
    return assertThrows(BadInputException.class, () -> read(text)).getMessage();
  }

  private void write(byte[] bytes) throws IOException {
    Files.write(file, bytes);
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }
}
