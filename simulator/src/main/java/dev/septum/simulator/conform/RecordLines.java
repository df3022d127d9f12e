package dev.septum.simulator.conform;

import dev.septum.simulator.BadInputException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** The lines of a file, plain or gzip; its first two bytes tell. */
final class RecordLines implements AutoCloseable {
  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int LONGEST_LINE = 1 << 28;

  private final String name;
  private final InputStream in;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int number;

  private RecordLines(String name, InputStream in) {
    this.name = name;
    this.in = in;
  }

  /** The lines of a file. */
  static RecordLines open(Path path) throws BadInputException {
    String name = path.toString();
    try {
      if (Files.isDirectory(path)) {
        throw new BadInputException(name + ": is a directory, not a file of records");
      }
      return new RecordLines(name, inflated(Files.newInputStream(path)));
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  /** The lines of the standard input. */
  static RecordLines standardInput() throws BadInputException {
    String name = "<stdin>";
    try {
      return new RecordLines(name, inflated(System.in));
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  private static InputStream inflated(InputStream raw) throws IOException {
    InputStream in = new Foreseen(raw);
    try {
      in.mark(2);
      int magic = in.read() << Byte.SIZE | in.read();
      in.reset();
      return magic == GZIP_MAGIC ? new BufferedInputStream(new GZIPInputStream(in)) : in;
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  private static BadInputException unreadable(String name, IOException e) {
    if (e instanceof NoSuchFileException) {
      return new BadInputException(name + ": no such file");
    }
    if (e instanceof AccessDeniedException) {
      return new BadInputException(name + ": cannot be read: permission denied");
    }
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

  /**
   * A stream that says truly whether more follows: a pipe may not, and {@link GZIPInputStream}
   * would take a pause of its writer for the end of the last member.
   */
  private static final class Foreseen extends BufferedInputStream {
    Foreseen(InputStream in) {
      super(in);
    }

    @Override
    public synchronized int available() throws IOException {
      int sure = super.available();
      if (sure > 0) {
        return sure;
      }
      mark(1);
      int next = read();
      reset();
      return next < 0 ? 0 : 1;
    }
  }
}
