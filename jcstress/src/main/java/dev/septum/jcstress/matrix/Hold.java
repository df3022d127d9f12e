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
   * Alone, several times, under the slots' monitor: nothing else that takes the monitor comes in
   * between.
   */
  EXCLUSIVE_UNDER_SLOTS;

  /** Whether two operations may be at work at once. */
  public boolean overlaps(Hold other) {
    return this == NONE || other == NONE || (this == SHARED && other == SHARED);
  }

  /** Whether the slots' monitor keeps two operations apart, before either wants the lock. */
  public boolean isKeptApartBySlots(Hold other) {
    return this == EXCLUSIVE_UNDER_SLOTS && other == EXCLUSIVE_UNDER_SLOTS;
  }
}
