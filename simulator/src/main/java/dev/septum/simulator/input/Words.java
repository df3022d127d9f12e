package dev.septum.simulator.input;

/** Where the words of a line are, and what numbers they say. */
final class Words {
  private static final int HEX_DIGIT_BITS = 4;
  private static final int HEX_DIGITS = Long.SIZE / HEX_DIGIT_BITS;

  /** The value of each byte as a hexadecimal digit; -1 for what is none. */
  private static final byte[] DIGITS = new byte[1 << Byte.SIZE];

  static {
    for (int character = 0; character < DIGITS.length; character++) {
      DIGITS[character] = (byte) Character.digit(character < 0x80 ? character : 0, 16);
    }
  }

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
    long gpa = hex("an address", line, from, end, TraceRecorder.WIDTH_EXPECTED);
    if (gpa < 0) {
      throw MalformedLineException.ofWord(TraceRecorder.WIDTH_EXPECTED, line, from, end);
    }
    return gpa;
  }

  /** The 64 bits that a word is, in hexadecimal. */
  static long bits(String what, byte[] line, int from, int end) throws MalformedLineException {
    return hex(what, line, from, end, what + " of at most 64 bits");
  }

  /** The number that a word is, with or without {@code 0x}; leading zeros do not count. */
  private static long hex(String what, byte[] line, int from, int end, String width)
      throws MalformedLineException {
    boolean marked = end - from > 2 && line[from] == '0' && (line[from + 1] | 0x20) == 'x';
    int start = marked ? from + 2 : from;
    long number = 0;
    long lost = 0;
    int seen = 0; // negative once a byte was no digit
    for (int at = start; at < end; at++) {
      int digit = DIGITS[line[at] & 0xff];
      lost |= number >>> (HEX_DIGITS - 1) * HEX_DIGIT_BITS;
      number = number << HEX_DIGIT_BITS | digit;
      seen |= digit;
    }
    if (seen < 0 || start == end) {
      throw MalformedLineException.ofWord(what + " in hexadecimal", line, from, end);
    }
    if (lost != 0) {
      throw MalformedLineException.ofWord(width, line, from, end);
    }
    return number;
  }
}
