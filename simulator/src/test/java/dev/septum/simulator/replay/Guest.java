package dev.septum.simulator.replay;

import dev.septum.simulator.BadInputException;
import dev.septum.simulator.input.Trace;
import dev.septum.simulator.input.TraceFormat;
import dev.septum.simulator.input.TraceSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** A small guest for tests: vCPUs that go to and fro between the pages of a few MiB. */
public final class Guest {
  private Guest() {}

  /**
   * Writes its trace.
   *
   * @param vcpus how many vCPUs
   * @param accesses of each
   * @param pages touched, from address 0 on; each is read at least once, half of them are written
   */
  public static Path write(Path file, int vcpus, int accesses, int pages) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    StringBuilder text = new StringBuilder("# a small guest\n");
    for (int i = 0; i < accesses * vcpus; i++) {
      int page = i < pages ? i : random.nextInt(pages);
      text.append(i % vcpus)
          .append(page % 2 == 0 ? " R " : " W ")
          .append(Integer.toHexString(page << 12))
          .append('\n');
    }
    return Files.writeString(file, text);
  }

  /** Reads a trace. */
  static Trace read(Path file) throws BadInputException {
    return Trace.read(TraceSource.file(file), TraceFormat.SEPTUM, 0, 0, lines -> {});
  }
}
