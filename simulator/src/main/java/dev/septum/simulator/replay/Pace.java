package dev.septum.simulator.replay;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * How the vCPUs' accesses and the host's changes keep together: a change is due after so many
 * accesses, and vCPUs that are two changes ahead of the host wait for it, out of the guest. So a
 * run has as many changes as it should, while the vCPUs run, whoever is the faster.
 */
final class Pace {
  private static final long PAUSE_NANOS = 20_000;

  private final AtomicLong made = new AtomicLong();
  private volatile long limit = Long.MAX_VALUE;

  /** Accesses have been made. */
  void made(long accesses) {
    made.addAndGet(accesses);
  }

  /** From so many accesses on, vCPUs wait. */
  void waitAt(long accesses) {
    limit = accesses;
  }

  /** Whether so many accesses have been made. */
  boolean isDue(long accesses) {
    return made.get() >= accesses;
  }

  /** Waits while the host is behind; out of the guest. */
  void await(RunState state) {
    while (made.get() >= limit && !state.isStopped()) {
      pause();
    }
  }

  static void pause() {
    LockSupport.parkNanos(PAUSE_NANOS);
  }
}
