package dev.septum.jmh.lock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.HdrHistogram.Histogram;

/**
 * How long who wants the lock waits for those who have it: every wait is recorded, not a mean. The
 * machine's scheduler is part of what is measured: with more threads than CPUs, the tail is the
 * time slice of those that run.
 *
 * @param lock the lock
 * @param scenario who has it, and who wants it
 * @param nanos the waits, in ns
 */
public record LockWaits(LockKind lock, Scenario scenario, Histogram nanos) {
  /** A run before, of a part of the time, compiles what is measured. */
  private static final int WARMUP_PART = 4;

  /**
   * Runs a scenario for a while, and until there is a wait.
   *
   * @throws IllegalStateException if a thread failed, or the tree is not sound afterwards
   */
  public static LockWaits measure(LockKind lock, Scenario scenario, long nanos) {
    new WaitRun(lock, scenario).run(nanos / WARMUP_PART);
    return new LockWaits(lock, scenario, new WaitRun(lock, scenario).run(nanos));
  }

  /** For programs. */
  public void put(ObjectNode node) {
    node.put("lock", lock.name())
        .put("scenario", scenario.name())
        .put("faulters", scenario.faulters)
        .put("zappers", scenario.zappers)
        .put("samples", nanos.getTotalCount())
        .put("p50Nanos", nanos.getValueAtPercentile(50))
        .put("p99Nanos", nanos.getValueAtPercentile(99))
        .put("p999Nanos", nanos.getValueAtPercentile(99.9))
        .put("maxNanos", nanos.getMaxValue());
  }
}
