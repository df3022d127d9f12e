package dev.septum.simulator.tree;

import java.util.Locale;

/** What a host can do with a range, by its word in a scenario. */
enum RangeOperation {
  /** Makes it private. */
  PRIVATE(false, "removed"),
  /** Makes it shared. */
  SHARED(false, "removed"),
  /** Punches a hole in guest_memfd. */
  PUNCH(false, "removed"),
  /** Unmaps it. */
  ZAP(false, "removed"),
  /** Maps it, before anyone touches it. */
  PREFAULT(false, "mapped"),
  /** Gives back its tables in which nothing is mapped. */
  TRIM(false, "given back"),
  /** Merges private mappings. */
  PROMOTE(true, "merged"),
  /** Merges a normal VM's mappings, or shared ones. */
  MERGE(true, "merged"),
  /** Splits a normal VM's mappings, or shared ones. */
  SPLIT(true, "split");

  private final boolean wantsLevel;
  private final String done;

  RangeOperation(boolean wantsLevel, String done) {
    this.wantsLevel = wantsLevel;
    this.done = done;
  }

  boolean wantsLevel() {
    return wantsLevel;
  }

  /** What has happened to as many leaves, pages or tables as it returns. */
  String done() {
    return done;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
