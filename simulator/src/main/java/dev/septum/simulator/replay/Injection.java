package dev.septum.simulator.replay;

/** What can be made to go wrong in a run, with a probability. */
public enum Injection {
  /** A TLB flush is lost; the run has to find stale uses, and fail. */
  DROP_FLUSH(false, Injection.ALWAYS),
  /** A try of one of the module's locks fails. */
  BUSY(true, Injection.HALF),
  /** A PROMOTE, or an ACCEPT of 2M between two of its pages, is interrupted. */
  INTERRUPTED(true, Injection.NEARLY_ALWAYS),
  /** TRACK finds a vCPU of the epoch before inside. */
  EPOCH_BUSY(true, Injection.NEARLY_ALWAYS),
  /** An allocation of guest memory fails. */
  NO_MEMORY(true, Injection.NEARLY_ALWAYS),
  /** A conversion or a hole takes a page too many; the run has to find lost data, and fail. */
  OVER_ZAP(true, Injection.ALWAYS);

  private static final double ALWAYS = 1;

  /** What is tried until it works must work now and then. */
  private static final double NEARLY_ALWAYS = 0.9;

  /** A call tries several locks, and succeeds if all of them do. */
  private static final double HALF = 0.5;

  private final boolean ofTrustDomain;
  private final double most;

  Injection(boolean ofTrustDomain, double most) {
    this.ofTrustDomain = ofTrustDomain;
    this.most = most;
  }

  /** Whether it is a trust domain that has it; else a normal VM, whose flushes it counts on. */
  public boolean isOfTrustDomain() {
    return ofTrustDomain;
  }

  /** The largest probability: with a larger one a run would not end. */
  public double most() {
    return most;
  }
}
