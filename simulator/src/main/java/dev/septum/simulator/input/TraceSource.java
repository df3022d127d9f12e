package dev.septum.simulator.input;

import dev.septum.simulator.BadInputException;
import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * Where a trace, or another recording, comes from: a file, the standard input, or the project
 * itself. Plain or gzip: the first two bytes tell.
 */
public final class TraceSource {
  /** A recorded Linux boot on 4 vCPUs: the first read and the first write of each page. */
  static final String SHIPPED = "linux-boot-4vcpu-first-touch.trace.gz";

  private static final String ROOM = "/dev/septum/simulator/";
  private static final int BUFFER = 1 << 16;
  private static final int MAGIC = 0x1f8b;

  private final String name;
  private final Opener opener;

  private TraceSource(String name, Opener opener) {
    this.name = name;
    this.opener = opener;
  }

  /** A file with a trace. */
  public static TraceSource file(Path path) {
    return file(path, "a trace");
  }

  /**
   * A file.
   *
   * @param content what should be in it, for messages: {@code "a trace"}
   */
  public static TraceSource file(Path path, String content) {
    return new TraceSource(
        path.toString(), () -> new FileInputStream(checkFile(path, content).toFile()));
  }

  /** The standard input. */
  public static TraceSource standardInput() {
    return new TraceSource("<stdin>", () -> System.in);
  }

  /** The trace that ships with the project. */
  public static TraceSource shipped() {
    return shipped(SHIPPED);
  }

  /** A file that ships with the project. */
  public static TraceSource shipped(String file) {
    return new TraceSource(
        file,
        () -> {
          InputStream in = TraceSource.class.getResourceAsStream(ROOM + file);
          if (in == null) {
            throw new IOException("not in this build");
          }
          return in;
        });
  }

  /** What to call it in messages. */
  public String name() {
    return name;
  }

  /**
   * Opens it, and gunzips what begins as gzip does.
   *
   * @throws BadInputException if there is no such file, or none that can be read
   */
  public InputStream open() throws IOException, BadInputException {
    InputStream raw = new Sniffed(opener.open());
    try {
      return ((Sniffed) raw).startsWith(MAGIC) ? new GZIPInputStream(raw, BUFFER) : raw;
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  private static Path checkFile(Path path, String content) throws BadInputException {
    if (Files.isDirectory(path)) {
      throw new BadInputException(path + ": is a directory, not " + content);
    }
    if (Files.notExists(path)) {
      throw new BadInputException(path + ": no such file");
    }
    if (!Files.isReadable(path)) {
      throw new BadInputException(path + ": cannot be read: permission denied");
    }
    return path;
  }

  /** How the bytes are come by. */
  private interface Opener {
    InputStream open() throws IOException, BadInputException;
  }

  /**
   * A stream whose beginning can be looked at, and which says truly whether more follows: {@link
   * GZIPInputStream} asks that of a pipe, to know whether another member comes.
   */
  private static final class Sniffed extends BufferedInputStream {
    Sniffed(InputStream in) {
      super(in, BUFFER);
    }

    boolean startsWith(int magic) throws IOException {
      mark(2);
      int found = read() << 8 | read();
      reset();
      return found == magic;
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
