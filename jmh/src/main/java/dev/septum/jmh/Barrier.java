package dev.septum.jmh;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.Control;

/**
 * Where benchmark threads meet between rounds, spinning, so that they start together.
 *
 * <p>When an iteration is over, JMH lets its threads go one by one, so the last may wait for others
 * that do not come any more. What it does then is not measured, and it gives up after a while. A
 * thread that is still measured waits as long as it takes.
 */
final class Barrier {
  private static final long PATIENCE_NANOS = 200_000_000;

  private final int parties;
  private final AtomicInteger arrived = new AtomicInteger();
  private volatile int phase;

  Barrier(int parties) {
    this.parties = parties;
  }

  /**
   * Waits until all have arrived.
   *
   * @param control says whether this thread is still measured; null before its first round
   * @return false if this thread is not measured any more and has given up
   */
  boolean await(@Nullable Control control) {
    int now = phase;
    if (arrived.incrementAndGet() == parties) {
      arrived.set(0);
      phase = now + 1;
      return true;
    }
    long deadline = 0;
    while (phase == now) {
      Thread.onSpinWait();
      if (control != null && control.stopMeasurement) {
        long time = System.nanoTime();
        deadline = deadline == 0 ? time + PATIENCE_NANOS : deadline;
        if (time > deadline) {
          return false;
        }
      }
    }
    return true;
  }

  /** Begins anew. To be called when nobody waits. */
  void reset() {
    arrived.set(0);
  }
}
