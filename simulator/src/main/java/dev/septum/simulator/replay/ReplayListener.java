package dev.septum.simulator.replay;

/** What is told how a run is getting on. */
public interface ReplayListener {
  /** How long to wait between two calls of {@link #running}. */
  long intervalMillis();

  /**
   * The run goes on.
   *
   * @param done accesses made
   * @param accesses accesses to make
   * @param seconds since the start
   * @param faults faults handled
   * @param mapped what is mapped now
   */
  void running(long done, long accesses, double seconds, long faults, PageCounts mapped);
}
