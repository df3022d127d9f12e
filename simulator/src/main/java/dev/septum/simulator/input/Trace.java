package dev.septum.simulator.input;

import dev.septum.simulator.BadInputException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * A trace that has been read.
 *
 * @param format how it was written
 * @param file where it came from
 * @param accesses how many there are
 * @param lines how many lines there are
 * @param skippedLines lines that were none: comments, blank lines, what a format knows to skip
 * @param recordedVcpus how many vCPUs made the accesses, when they were recorded
 * @param blocks the numbers of the 1 GiB blocks that are touched
 * @param seconds how long it took to read
 * @param streams the accesses by vCPU, as they are to be replayed
 */
public record Trace(
    TraceFormat format,
    String file,
    long accesses,
    long lines,
    long skippedLines,
    int recordedVcpus,
    BitSet blocks,
    double seconds,
    List<VcpuStream> streams) {
  /** The most vCPUs that a replay has. */
  public static final int MAX_VCPUS = 1024;

  private static final int PROGRESS_MASK = (1 << 18) - 1;

  /**
   * Reads a trace.
   *
   * @param format how it is written; null to find that out
   * @param memory the first address that the guest does not have; 0 for no such limit
   * @param vcpus how many vCPUs to deal the accesses to; 0 for those of the trace
   * @param progress told the number of lines now and then
   * @throws BadInputException if there is no trace, or not one as it should be
   */
  public static Trace read(
      TraceSource source,
      @Nullable TraceFormat format,
      long memory,
      int vcpus,
      LongConsumer progress)
      throws BadInputException {
    long begun = System.nanoTime();
    TraceRecorder recorder = new TraceRecorder(memory, vcpus != 0);
    LineReader reader = new LineReader();
    FormatDetector parser = new FormatDetector(format);
    long[] skipped = {0};
    try (InputStream opened = source.open();
        InputStream in = aheadOf(opened)) {
      boolean isCompressed = opened instanceof GZIPInputStream;
      try {
        reader.readAll(
            in,
            (line, from, to) -> {
              if (!parser.parse(line, from, to, recorder)) {
                skipped[0]++;
              }
              if ((reader.lines() & PROGRESS_MASK) == 0) {
                progress.accept(reader.lines());
              }
            });
      } catch (MalformedLineException e) {
        String where = source.name() + ":" + reader.lines() + ": ";
        if (isCompressed) {
          in.transferTo(OutputStream.nullOutputStream()); // what is malformed may be the gzip
        }
        throw new BadInputException(where + e.getMessage());
      }
    } catch (EOFException e) {
      throw broken(source, "it ends too early");
    } catch (ZipException e) {
      throw broken(source, "" + e.getMessage());
    } catch (IOException e) {
      throw new BadInputException(source.name() + ": cannot be read: " + e.getMessage());
    }
    long accesses = recorder.accesses();
    if (accesses == 0) {
      throw new BadInputException(source.name() + ": expected at least one access, found none");
    }
    List<VcpuStream> streams = recorder.deal(vcpus);
    return new Trace(
        parser.format(),
        source.name(),
        accesses,
        reader.lines(),
        skipped[0],
        recorder.vcpus(),
        recorder.touchedBlocks(),
        (System.nanoTime() - begun) / (double) TimeUnit.SECONDS.toNanos(1),
        streams);
  }

  /** What is compressed is decompressed by another thread. */
  private static InputStream aheadOf(InputStream in) {
    return in instanceof GZIPInputStream ? new ReadAhead(in) : in;
  }

  private static BadInputException broken(TraceSource source, String why) {
    return new BadInputException(source.name() + ": broken gzip: " + why);
  }
}
