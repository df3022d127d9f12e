package dev.septum.simulator.conform;

import dev.septum.simulator.BadInputException;
import dev.septum.simulator.input.TraceSource;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** The lines of a file of records. */
final class RecordLines implements AutoCloseable {
  private static final int LONGEST_LINE = 1 << 28;

  private final String name;
  private final InputStream in;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int number;

  private RecordLines(String name, InputStream in) {
    this.name = name;
    this.in = in;
  }

  /** The lines of a source, which it opens. */
  static RecordLines open(TraceSource source) throws BadInputException {
    try {
      return new RecordLines(source.name(), new BufferedInputStream(source.open()));
    } catch (IOException e) {
      throw unreadable(source.name(), e);
    }
  }

  private static BadInputException unreadable(String name, IOException e) {
    String why =
        e instanceof ZipException || e instanceof EOFException ? "broken gzip" : "cannot be read";
    return new BadInputException(name + ": " + why + ": " + e.getMessage());
  }

  /** The name of the file, for people. */
  String name() {
    return name;
  }

  /** Where the last line stands: {@code FILE:LINE}. */
  String place() {
    return name + ":" + number;
  }

  /** The next line that is not blank, without its end; null behind the last. */
  byte @Nullable [] next() throws BadInputException {
    try {
      while (readLine()) {
        byte[] bytes = line.toByteArray();
        for (byte b : bytes) {
          if (b != ' ' && b != '\t' && b != '\r') {
            return bytes;
          }
        }
      }
      return null;
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  /** Reads to the end of the line; false if there was nothing left. */
  private boolean readLine() throws IOException, BadInputException {
    line.reset();
    number++;
    int b;
    while ((b = in.read()) >= 0 && b != '\n') {
      if (line.size() == LONGEST_LINE) {
        throw new BadInputException(
            place()
                + ": expected a line of at most "
                + LONGEST_LINE
                + " bytes, found a longer one");
      }
      line.write(b);
    }
    return b >= 0 || line.size() > 0;
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      // What was read is complete; nothing is lost.
    }
  }
}
