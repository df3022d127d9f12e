package dev.septum.simulator.conform;

/** What became of a record. */
public sealed interface Verdict {
  /** How many steps were compared. */
  int steps();

  /** Everything is as it was recorded. */
  record Agree(int steps) implements Verdict {}

  /**
   * Something is not.
   *
   * @param steps the last of them is the one that differs, unless that is the end or the teardown
   */
  record Differ(int steps, Difference difference) implements Verdict {}

  /** The record wants what Septum does not have, or says too little. Nothing was compared. */
  record Unsupported(String reason) implements Verdict {
    @Override
    public int steps() {
      return 0;
    }
  }
}
