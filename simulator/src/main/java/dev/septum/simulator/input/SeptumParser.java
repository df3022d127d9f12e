package dev.septum.simulator.input;

import dev.septum.paging.Access;
import java.util.regex.Pattern;

/**
 * Septum's own format: {@code vcpu R|W|X hexgpa} a line, between blanks; {@code #} begins a
 * comment; the address may have {@code 0x} in front.
 */
final class SeptumParser implements LineParser {
  /** A number, and something behind it. */
  static final Pattern FORM = Pattern.compile("\\s*\\d+\\s+[A-Za-z].*");

  @Override
  public boolean parse(byte[] line, int from, int to, AccessSink sink)
      throws MalformedLineException {
    int vcpuAt = Words.skipBlanks(line, from, to);
    if (vcpuAt == to || line[vcpuAt] == '#') {
      return false;
    }
    int vcpuEnd = Words.endOfWord(line, vcpuAt, to);
    int vcpu = Words.decimal("a vCPU number", line, vcpuAt, vcpuEnd);
    int kindAt = Words.skipBlanks(line, vcpuEnd, to);
    Access access = access(line, kindAt, to);
    int gpaAt = Words.skipBlanks(line, kindAt + 1, to);
    int gpaEnd = Words.endOfWord(line, gpaAt, to);
    long gpa = Words.address(line, gpaAt, gpaEnd);
    int rest = Words.skipBlanks(line, gpaEnd, to);
    if (rest != to) {
      throw MalformedLineException.atWord("the end of the line", line, rest, to);
    }
    sink.access(vcpu, access, gpa);
    return true;
  }

  private static Access access(byte[] line, int at, int to) throws MalformedLineException {
    boolean isOneLetter = at < to && (at + 1 == to || Words.isBlank(line[at + 1]));
    return switch (isOneLetter ? line[at] : 0) {
      case 'R' -> Access.READ;
      case 'W' -> Access.WRITE;
      case 'X' -> Access.EXECUTE;
      default -> throw MalformedLineException.atWord("R, W or X", line, at, to);
    };
  }
}
