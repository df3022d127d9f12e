package dev.septum.simulator.conform;

/** A record wants what Septum does not have, or does not say enough to be replayed. */
public final class UnsupportedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  /** For a reason in the same words for all such records. */
  public UnsupportedException(String reason) {
    super(reason);
    this.reason = reason;
  }

  /** What it wants, or does not say. */
  public String reason() {
    return reason;
  }
}
