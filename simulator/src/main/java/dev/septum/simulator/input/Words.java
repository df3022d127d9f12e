package dev.septum.simulator.input;

/** Where the words of a line are, and what numbers they say. */
final class Words {
  private static final int HEX_DIGIT_BITS = 4;
  private static final int HEX_DIGITS = Long.SIZE / HEX_DIGIT_BITS;

  private Words() {}

  static boolean isBlank(byte character) {
    return character == ' ' || character == '\t';
  }

  static boolean isDigit(byte character) {
    return character >= '0' && character <= '9';
  }

  static int skipBlanks(byte[] line, int from, int to) {
    int at = from;
    while (at < to && isBlank(line[at])) {
      at++;
    }
    return at;
  }

  static int endOfWord(byte[] line, int from, int to) {
    int at = from;
    while (at < to && !isBlank(line[at])) {
      at++;
    }
    return at;
  }

  /** Whether the bytes from {@code from} on begin with a text. */
  static boolean startsWith(byte[] text, byte[] line, int from, int to) {
    if (to - from < text.length) {
      return false;
    }
    for (int i = 0; i < text.length; i++) {
      if (line[from + i] != text[i]) {
        return false;
      }
    }
    return true;
  }

  /** The number that a word is: digits only, in the range of an int. */
  static int decimal(String what, byte[] line, int from, int end) throws MalformedLineException {
    long number = 0;
    for (int at = from; at < end; at++) {
      if (!isDigit(line[at])) {
        throw MalformedLineException.ofWord(what, line, from, end);
      }
      number = number * 10 + (line[at] - '0');
      if (number > Integer.MAX_VALUE) {
        throw MalformedLineException.ofWord(what + " up to " + Integer.MAX_VALUE, line, from, end);
      }
    }
    if (end == from) {
      throw MalformedLineException.ofWord(what, line, from, end);
    }
    return (int) number;
  }

  /** The guest-physical address that a word is, in hexadecimal; of 63 bits at the most. */
  static long address(byte[] line, int from, int end) throws MalformedLineException {
    int at = digits("an address in hexadecimal", line, from, end);
    long gpa = end - at > HEX_DIGITS ? -1 : hex(line, at, end);
    if (gpa < 0) {
      throw MalformedLineException.ofWord(TraceRecorder.WIDTH_EXPECTED, line, from, end);
    }
    return gpa;
  }

  /** The 64 bits that a word is, in hexadecimal. */
  static long bits(String what, byte[] line, int from, int end) throws MalformedLineException {
    int at = digits(what + " in hexadecimal", line, from, end);
    if (end - at > HEX_DIGITS) {
      throw MalformedLineException.ofWord(what + " of at most 64 bits", line, from, end);
    }
    return hex(line, at, end);
  }

  /** Where the first digit that counts stands, behind {@code 0x} and zeros. */
  private static int digits(String what, byte[] line, int from, int end)
      throws MalformedLineException {
    boolean marked = end - from > 2 && line[from] == '0' && (line[from + 1] | 0x20) == 'x';
    int start = marked ? from + 2 : from;
    for (int at = start; at < end; at++) {
      if (Character.digit(line[at], 16) < 0) {
        throw MalformedLineException.ofWord(what, line, from, end);
      }
    }
    if (start == end) {
      throw MalformedLineException.ofWord(what, line, from, end);
    }
    int at = start;
    while (at < end && line[at] == '0') {
      at++;
    }
    return at;
  }

  private static long hex(byte[] line, int from, int end) {
    long number = 0;
    for (int at = from; at < end; at++) {
      number = number << HEX_DIGIT_BITS | Character.digit(line[at], 16);
    }
    return number;
  }
}
