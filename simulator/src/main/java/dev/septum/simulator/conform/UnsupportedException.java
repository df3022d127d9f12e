package dev.septum.simulator.conform;

/** A script wants what Septum does not have. */
final class UnsupportedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  UnsupportedException(String reason) {
    super(reason);
    this.reason = reason;
  }

  /** What it wants, in the same words for all such scripts. */
  String reason() {
    return reason;
  }
}
