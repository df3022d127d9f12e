package dev.septum.jmh.lock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * How long who wants the lock waits for those who have it: every wait is recorded, not a mean.
 *
 * <p>{@code java -cp jmh/target/benchmarks.jar dev.septum.jmh.lock.LockWaits [SECONDS [FILE]]}
 * prints a table, and writes a JSON array to the file. The machine's scheduler is part of what is
 * measured: with more threads than CPUs, the tail is the time slice of those that run.
 */
public final class LockWaits {
  /**
   * The waits of one scenario under one lock.
   *
   * @param nanos what was recorded, in ns
   */
  public record Result(LockKind lock, Scenario scenario, Histogram nanos) {
    /** One JSON object. */
    public String toJson() {
      return String.format(
          Locale.ROOT,
          "{\"lock\":\"%s\",\"scenario\":\"%s\",\"faulters\":%d,\"zappers\":%d,\"samples\":%d,"
              + "\"p50_ns\":%d,\"p99_ns\":%d,\"p99_9_ns\":%d,\"max_ns\":%d}",
          lock,
          scenario,
          scenario.faulters,
          scenario.zappers,
          nanos.getTotalCount(),
          nanos.getValueAtPercentile(50),
          nanos.getValueAtPercentile(99),
          nanos.getValueAtPercentile(99.9),
          nanos.getMaxValue());
    }

    private String toRow() {
      return String.format(
          Locale.ROOT,
          "%-11s %-19s %9d %10d %10d %10d %12d",
          lock,
          scenario,
          nanos.getTotalCount(),
          nanos.getValueAtPercentile(50),
          nanos.getValueAtPercentile(99),
          nanos.getValueAtPercentile(99.9),
          nanos.getMaxValue());
    }
  }

  private LockWaits() {}

  /** Runs every scenario under every lock. */
  public static void main(String[] args) throws IOException {
    double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 3;
    long nanos = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    System.out.printf(
        "%-11s %-19s %9s %10s %10s %10s %12s%n",
        "lock", "scenario", "samples", "p50 ns", "p99 ns", "p99.9 ns", "max ns");
    List<String> json = new ArrayList<>();
    for (Scenario scenario : Scenario.values()) {
      for (LockKind lock : LockKind.values()) {
        new WaitRun(lock, scenario).run(nanos / 4); // compiles what is measured
        Result result = new Result(lock, scenario, new WaitRun(lock, scenario).run(nanos));
        System.out.println(result.toRow());
        json.add(result.toJson());
      }
    }
    if (args.length > 1) {
      Files.writeString(Path.of(args[1]), "[\n" + String.join(",\n", json) + "\n]\n");
    }
  }
}
