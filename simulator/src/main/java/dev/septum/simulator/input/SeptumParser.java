package dev.septum.simulator.input;

import dev.septum.paging.Access;

/**
 * Septum's own format: {@code vcpu R|W|X hexgpa} a line, between blanks; {@code #} begins a
 * comment; the address may have {@code 0x} in front.
 */
final class SeptumParser implements LineParser {
  private static final int HEX_DIGIT_BITS = 4;
  private static final long TOP_DIGIT = 0xfL << (Long.SIZE - HEX_DIGIT_BITS);

  @Override
  public boolean parse(byte[] line, int from, int to, AccessSink sink)
      throws MalformedLineException {
    int vcpuAt = skipBlanks(line, from, to);
    if (vcpuAt == to || line[vcpuAt] == '#') {
      return false;
    }
    int vcpuEnd = endOfDigits(line, vcpuAt, to);
    int vcpu = vcpu(line, vcpuAt, vcpuEnd, to);
    int kindAt = skipBlanks(line, vcpuEnd, to);
    Access access = access(line, kindAt, to);
    int gpaAt = skipBlanks(line, kindAt + 1, to);
    int gpaEnd = endOfWord(line, gpaAt, to);
    long gpa = address(line, gpaAt, gpaEnd, to);
    int rest = skipBlanks(line, gpaEnd, to);
    if (rest != to) {
      throw MalformedLineException.atWord("the end of the line", line, rest, to);
    }
    sink.access(vcpu, access, gpa);
    return true;
  }

  private static int vcpu(byte[] line, int from, int end, int to) throws MalformedLineException {
    if (end == from || (end < to && !MalformedLineException.isBlank(line[end]))) {
      throw MalformedLineException.atWord("a vCPU number", line, from, to);
    }
    long number = 0;
    for (int at = from; at < end; at++) {
      number = number * 10 + (line[at] - '0');
      if (number > Integer.MAX_VALUE) {
        throw MalformedLineException.atWord(
            "a vCPU number up to " + Integer.MAX_VALUE, line, from, to);
      }
    }
    return (int) number;
  }

  private static Access access(byte[] line, int at, int to) throws MalformedLineException {
    boolean isOneLetter = at < to && (at + 1 == to || MalformedLineException.isBlank(line[at + 1]));
    return switch (isOneLetter ? line[at] : 0) {
      case 'R' -> Access.READ;
      case 'W' -> Access.WRITE;
      case 'X' -> Access.EXECUTE;
      default -> throw MalformedLineException.atWord("R, W or X", line, at, to);
    };
  }

  /**
   * An address of any width that a positive long holds; what the machine has is the sink's matter.
   */
  private static long address(byte[] line, int from, int end, int to)
      throws MalformedLineException {
    int at = from;
    if (end - from > 2 && line[from] == '0' && (line[from + 1] | 0x20) == 'x') {
      at += 2;
    }
    boolean some = at < end;
    long gpa = 0;
    for (; at < end; at++) {
      int digit = Character.digit(line[at], 16);
      if (digit < 0) {
        some = false;
        break;
      }
      if ((gpa & TOP_DIGIT) != 0) {
        gpa = -1;
      } else {
        gpa = gpa << HEX_DIGIT_BITS | digit;
      }
    }
    if (!some) {
      throw MalformedLineException.atWord("an address in hexadecimal", line, from, to);
    }
    if (gpa < 0) {
      throw MalformedLineException.atWord(TraceRecorder.WIDTH_EXPECTED, line, from, to);
    }
    return gpa;
  }

  private static int skipBlanks(byte[] line, int from, int to) {
    int at = from;
    while (at < to && MalformedLineException.isBlank(line[at])) {
      at++;
    }
    return at;
  }

  private static int endOfDigits(byte[] line, int from, int to) {
    int at = from;
    while (at < to && line[at] >= '0' && line[at] <= '9') {
      at++;
    }
    return at;
  }

  private static int endOfWord(byte[] line, int from, int to) {
    int at = from;
    while (at < to && !MalformedLineException.isBlank(line[at])) {
      at++;
    }
    return at;
  }
}
