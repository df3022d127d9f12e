package dev.septum.simulator.soak;

/** What is told how a soak is getting on. */
public interface SoakListener {
  /** How long to wait between two calls of {@link #running}. */
  long intervalMillis();

  /**
   * The soak goes on.
   *
   * @param seconds since the start
   * @param operations all that threads have ended
   * @param audits made, and clean
   * @param heap bytes used after the last audit; 0 before the first
   */
  void running(SoakPlan plan, double seconds, long operations, int audits, long heap);
}
