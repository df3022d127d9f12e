package dev.septum.simulator.input;

import java.nio.charset.StandardCharsets;

/** A line of a trace says something else than it should. Whoever knows file and line adds them. */
final class MalformedLineException extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_SHOWN = 40;

  /**
   * A malformed line.
   *
   * @param expected what should be there
   * @param found what is there instead
   */
  MalformedLineException(String expected, String found) {
    super("expected " + expected + ", found " + found);
  }

  /** At the word that begins at {@code from}, or at the end of the line if none does. */
  static MalformedLineException atWord(String expected, byte[] line, int from, int to) {
    return ofWord(expected, line, from, Words.endOfWord(line, from, to));
  }

  /** At the word from {@code from} to before {@code end}; at the end of the line if it is empty. */
  static MalformedLineException ofWord(String expected, byte[] line, int from, int end) {
    return new MalformedLineException(
        expected, end == from ? "the end of the line" : quote(line, from, end));
  }

  /** Text of unknown origin, fit for a terminal. */
  private static String quote(byte[] line, int from, int to) {
    StringBuilder text = new StringBuilder("'");
    String word =
        new String(line, from, Math.min(to - from, LONGEST_SHOWN), StandardCharsets.UTF_8);
    word.chars()
        .forEach(
            character -> {
              if (Character.isISOControl(character) || character == 0xfffd) {
                text.append(String.format("\\x%02x", character));
              } else {
                text.append((char) character);
              }
            });
    return text.append(to - from > LONGEST_SHOWN ? "...'" : "'").toString();
  }
}
