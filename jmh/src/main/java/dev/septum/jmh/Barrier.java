package dev.septum.jmh;

import dev.septum.sync.SpinWait;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.Control;

/**
 * Where benchmark threads meet between rounds, spinning, so that they start together; if they are
 * more than the CPUs, they give theirs away while they wait.
 *
 * <p>When an iteration is over, JMH lets its threads go one by one, so the last may wait for others
 * that do not come any more. What it does then is not measured, and it gives up after a while; then
 * it has not been there for those who come later. A thread that is still measured waits as long as
 * it takes.
 */
public final class Barrier {
  private static final long PATIENCE_NANOS = 200_000_000;
  private static final int ARRIVED_BITS = 12;
  private static final int ARRIVED_MASK = (1 << ARRIVED_BITS) - 1;

  private static final int CPUS = Runtime.getRuntime().availableProcessors();

  private final int parties;

  /** The number of the round, and how many have arrived, in the lowest bits. */
  private final AtomicInteger state = new AtomicInteger();

  /**
   * One for so many threads.
   *
   * @throws IllegalArgumentException if they are not 1 to 4095
   */
  public Barrier(int parties) {
    if (parties < 1 || parties > ARRIVED_MASK) {
      throw new IllegalArgumentException(
          "expected 1 to " + ARRIVED_MASK + " threads, found " + parties);
    }
    this.parties = parties;
  }

  /**
   * Waits until all have arrived.
   *
   * @param control says whether this thread is still measured; null if it waits as long as it takes
   * @return false if this thread is not measured any more and has given up
   */
  public boolean await(@Nullable Control control) {
    int now = state.incrementAndGet();
    int round = now >>> ARRIVED_BITS;
    if ((now & ARRIVED_MASK) == parties) {
      state.set(round + 1 << ARRIVED_BITS);
      return true;
    }
    long deadline = 0;
    while ((now = state.get()) >>> ARRIVED_BITS == round) {
      SpinWait.pause(parties > CPUS ? Integer.MAX_VALUE : 0);
      if (control != null && control.stopMeasurement) {
        long time = System.nanoTime();
        deadline = deadline == 0 ? time + PATIENCE_NANOS : deadline;
        boolean isComplete = (now & ARRIVED_MASK) == parties;
        if (time > deadline && !isComplete && state.compareAndSet(now, now - 1)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Begins anew. To be called when nobody waits. */
  public void reset() {
    state.set(0);
  }
}
