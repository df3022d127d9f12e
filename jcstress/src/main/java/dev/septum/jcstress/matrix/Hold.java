package dev.septum.jcstress.matrix;

/** How an operation holds the MMU's lock while it changes or reads a tree. */
public enum Hold {
  /** Not at all: hardware, and what stands for it. */
  NONE,
  /** With others. */
  SHARED,
  /** Alone. */
  EXCLUSIVE,
  /**
   * Alone, several times, inside the slots' monitor: no other that is whole comes in between. Two
   * such wait for the monitor, and never for the lock.
   */
  WHOLE;

  /** Whether two operations may be at work at once. */
  public boolean overlaps(Hold other) {
    return this == NONE || other == NONE || (this == SHARED && other == SHARED);
  }
}
