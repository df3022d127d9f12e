package dev.septum.simulator.report;

import dev.septum.simulator.BadInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears whole or not at all: it is written beside its place and moved there. A device
 * or a pipe is written to as it is.
 */
public final class WholeFile {
  private final Path name;
  private final Path target;
  private final boolean direct;

  private WholeFile(Path name, Path target, boolean direct) {
    this.name = name;
    this.target = target;
    this.direct = direct;
  }

  /**
   * A file to be written later.
   *
   * @throws BadInputException if it could not be; nothing of it is left then
   */
  public static WholeFile at(Path name) throws BadInputException {
    try {
      if (Files.isDirectory(name)) {
        throw new BadInputException(name + ": is a directory");
      }
      if (name.startsWith("/dev") || (Files.exists(name) && !Files.isRegularFile(name))) {
        if (!Files.isWritable(name)) {
          throw new BadInputException(name + ": cannot be written");
        }
        return new WholeFile(name, name, true);
      }
      // The file behind a symbolic link is what is replaced, not the link.
      Path target = Files.exists(name) ? name.toRealPath() : name.toAbsolutePath();
      if (Files.exists(target) && !Files.isWritable(target)) {
        throw new BadInputException(name + ": cannot be written");
      }
      WholeFile file = new WholeFile(name, target, false);
      Path probe = file.besideTarget();
      Files.write(probe, new byte[0], StandardOpenOption.CREATE_NEW);
      Files.delete(probe);
      return file;
    } catch (IOException e) {
      throw new BadInputException(name + ": cannot be written: " + reason(e));
    }
  }

  /** Writes the file. */
  public void write(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (direct) {
      Files.write(target, bytes, StandardOpenOption.WRITE);
      return;
    }
    Path beside = besideTarget();
    try {
      Files.write(beside, bytes, StandardOpenOption.CREATE_NEW);
      try {
        Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(beside, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** What to say of a failure. */
  public String describe(IOException failure) {
    return name + ": cannot be written: " + reason(failure);
  }

  private Path besideTarget() {
    return target.resolveSibling(
        "." + target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
  }

  /** The file, as it was named. */
  @Override
  public String toString() {
    return name.toString();
  }

  /** The exceptions of the file system have their file for a message, and often nothing else. */
  private static String reason(IOException failure) {
    if (failure instanceof java.nio.file.NoSuchFileException) {
      return "no such directory";
    }
    if (failure instanceof java.nio.file.FileSystemException system) {
      String reason = system.getReason();
      return reason == null ? failure.getClass().getSimpleName() : reason;
    }
    return "" + failure.getMessage();
  }
}
