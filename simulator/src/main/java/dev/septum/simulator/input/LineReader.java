package dev.septum.simulator.input;

import java.io.IOException;
import java.io.InputStream;

/** Finds the lines of a stream. A line ends with LF or CRLF; the last may lack it. */
final class LineReader {
  private static final int LONGEST = 1 << 16;
  private static final int BUFFER = 4 * LONGEST;

  private long lines;

  /** Lines that have begun; so the number, from 1 on, of the one that is being read. */
  long lines() {
    return lines;
  }

  /** Shows every line. */
  void readAll(InputStream in, LineConsumer consumer) throws IOException, MalformedLineException {
    byte[] buffer = new byte[BUFFER];
    int end = 0;
    int read;
    while ((read = in.read(buffer, end, buffer.length - end)) >= 0) {
      int from = 0;
      int scanned = end;
      end += read;
      for (int at = scanned; at < end; at++) {
        if (buffer[at] == '\n') {
          show(buffer, from, at, consumer);
          from = at + 1;
        }
      }
      if (end - from > LONGEST) {
        lines++;
        throw new MalformedLineException("a line of at most " + LONGEST + " bytes", "a longer one");
      }
      System.arraycopy(buffer, from, buffer, 0, end - from);
      end -= from;
    }
    if (end > 0) {
      show(buffer, 0, end, consumer);
    }
  }

  private void show(byte[] buffer, int from, int to, LineConsumer consumer)
      throws MalformedLineException {
    lines++;
    int end = to > from && buffer[to - 1] == '\r' ? to - 1 : to;
    consumer.line(buffer, from, end);
  }

  /** What is shown lines. */
  @FunctionalInterface
  interface LineConsumer {
    /** A line, without its end. The bytes are the reader's again afterwards. */
    void line(byte[] bytes, int from, int to) throws MalformedLineException;
  }
}
