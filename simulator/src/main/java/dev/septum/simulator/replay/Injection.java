package dev.septum.simulator.replay;

/** What can be made to go wrong in a run, with a probability. */
public enum Injection {
  /** A TLB flush is lost; the run has to find stale uses, and fail. */
  DROP_FLUSH(true, Injection.ALWAYS),
  /** A try of one of the module's locks fails. */
  BUSY(false, Injection.NEARLY_ALWAYS),
  /** A PROMOTE, or an ACCEPT of 2M between two of its pages, is interrupted. */
  INTERRUPTED(false, Injection.NEARLY_ALWAYS),
  /** TRACK finds a vCPU of the epoch before inside. */
  EPOCH_BUSY(false, Injection.NEARLY_ALWAYS),
  /** An allocation of guest memory fails. */
  NO_MEMORY(false, Injection.NEARLY_ALWAYS),
  /** A conversion or a hole takes a page too many; the run has to find lost data, and fail. */
  OVER_ZAP(false, Injection.ALWAYS);

  private static final double ALWAYS = 1;

  /** What is tried until it works must work now and then. */
  private static final double NEARLY_ALWAYS = 0.9;

  private final boolean everywhere;
  private final double most;

  Injection(boolean everywhere, double most) {
    this.everywhere = everywhere;
    this.most = most;
  }

  /** Whether a normal VM has it too. */
  public boolean isEverywhere() {
    return everywhere;
  }

  /** The largest probability: with a larger one a run would not end. */
  public double most() {
    return most;
  }
}
