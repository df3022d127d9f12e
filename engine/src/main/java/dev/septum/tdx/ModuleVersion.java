package dev.septum.tdx;

/**
 * Versions of the module whose behaviour differs here.
 *
 * <p>Source: the module's sources 1.5.01, and those of 1.5.28 to 2.0.14 where they are known.
 */
public enum ModuleVersion {
  /** The one whose every answer was recorded. */
  V1_5_01,
  /**
   * What the later sources agree on: the tree lock has host priority, PROMOTE takes it exclusively
   * and locks no child, an entry's writer keeps TDHP, SEPT.REMOVE takes REMOVED children too, and
   * ACCEPT of a REMOVED entry exits.
   */
  V1_5_28;

  boolean isAtLeast(ModuleVersion other) {
    return compareTo(other) >= 0;
  }
}
