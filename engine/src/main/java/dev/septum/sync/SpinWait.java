package dev.septum.sync;

/**
 * How to wait for what another thread is about to do: briefly on the CPU, then by giving it away.
 */
public final class SpinWait {
  private static final int SPINS_BEFORE_YIELD = 64;

  private SpinWait() {}

  /**
   * Waits a little.
   *
   * @param tries how often the caller has looked in vain so far
   */
  @SuppressWarnings("ThreadPriorityCheck") // the awaited thread may need this CPU to get on
  public static void pause(int tries) {
    if (tries < SPINS_BEFORE_YIELD) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }
}
