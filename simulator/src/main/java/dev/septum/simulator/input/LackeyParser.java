package dev.septum.simulator.input;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * What {@code valgrind --tool=lackey --trace-mem=yes} prints: {@code I} (an instruction), {@code
 * L}, {@code S} or {@code M} (a load, a store, both), then {@code hexaddress,size}.
 *
 * <p>A process has one address space and lackey one thread at a time, so all is vCPU 0's, and a
 * user's address stands for a guest-physical one. An access is made once for each page that it
 * touches; {@code M} reads them all, then writes them. Skipped: what valgrind says of itself and
 * for its client ({@code ==pid==}, {@code --pid--}, {@code **pid**}), superblocks, blank lines.
 */
final class LackeyParser implements LineParser {
  /** An access, or a line of valgrind's own. */
  static final Pattern FORM =
      Pattern.compile("(I | [LSM]) +\\p{XDigit}+,.*|(==|--|\\*\\*)[^-=*]*\\d\\2.*");

  private static final byte[] SUPERBLOCK = "SB ".getBytes(StandardCharsets.US_ASCII);
  private static final int LARGEST = 1 << 16;
  private static final long PAGE = 1L << Geometry.PAGE_SHIFT;

  @Override
  public boolean parse(byte[] line, int from, int to, AccessSink sink)
      throws MalformedLineException {
    int kindAt = Words.skipBlanks(line, from, to);
    if (kindAt == to || isAside(line, kindAt, to)) {
      return false;
    }
    boolean isOneLetter = kindAt + 1 < to && Words.isBlank(line[kindAt + 1]);
    char kind = isOneLetter ? (char) line[kindAt] : 0;
    if ("ILSM".indexOf(kind) < 0) {
      throw MalformedLineException.atWord(
          "I, L, S or M, or a line of valgrind's own", line, kindAt, to);
    }
    int addressAt = Words.skipBlanks(line, kindAt + 1, to);
    int addressEnd = endOfAddress(line, addressAt, to);
    long first = Words.address(line, addressAt, addressEnd);
    if (addressEnd == to || line[addressEnd] != ',') {
      throw MalformedLineException.atWord("a comma and a size", line, addressEnd, to);
    }
    int sizeEnd = Words.endOfWord(line, addressEnd + 1, to);
    int size = Words.decimal("a size in bytes", line, addressEnd + 1, sizeEnd);
    if (size == 0 || size > LARGEST) {
      throw MalformedLineException.ofWord(
          "a size of 1 to " + LARGEST + " bytes", line, addressEnd + 1, sizeEnd);
    }
    int rest = Words.skipBlanks(line, sizeEnd, to);
    if (rest != to) {
      throw MalformedLineException.atWord("the end of the line", line, rest, to);
    }
    switch (kind) {
      case 'I' -> touch(Access.EXECUTE, first, size, sink);
      case 'L' -> touch(Access.READ, first, size, sink);
      case 'S' -> touch(Access.WRITE, first, size, sink);
      default -> {
        touch(Access.READ, first, size, sink);
        touch(Access.WRITE, first, size, sink);
      }
    }
    return true;
  }

  private static void touch(Access access, long first, int size, AccessSink sink)
      throws MalformedLineException {
    long last = first + size - 1;
    sink.access(0, access, first);
    for (long page = (first & -PAGE) + PAGE; page <= last; page += PAGE) {
      sink.access(0, access, page);
    }
  }

  private static int endOfAddress(byte[] line, int from, int to) {
    int at = from;
    while (at < to && line[at] != ',' && !Words.isBlank(line[at])) {
      at++;
    }
    return at;
  }

  private static boolean isAside(byte[] line, int at, int to) {
    byte mark = line[at];
    boolean isMark = mark == '=' || mark == '-' || mark == '*';
    return (isMark && at + 1 < to && line[at + 1] == mark)
        || Words.startsWith(SUPERBLOCK, line, at, to);
  }
}
