package dev.septum.mutants;

/**
 * What a check said.
 *
 * @param detail what failed, in a line; empty if nothing did
 * @param seconds how long it took
 */
record Outcome(Kind kind, String detail, double seconds) {
  /** How a check ends. */
  enum Kind {
    /** It found nothing. */
    PASSED,
    /** It failed, as a check does that has found a bug. */
    FAILED,
    /** It did not end in its time. */
    HUNG,
    /** It could not be made: its JVM did not start, a class did not link, no test was found. */
    BROKEN
  }
}
