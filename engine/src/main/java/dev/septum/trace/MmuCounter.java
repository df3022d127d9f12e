package dev.septum.trace;

/** What is counted, always after it has happened. */
public enum MmuCounter {
  /** 4K leaves mapped now. The order of the three is that of their levels. */
  MAPPED_4K,
  /** 2M leaves mapped now. */
  MAPPED_2M,
  /** 1G leaves mapped now. */
  MAPPED_1G,
  /** Faults that installed or changed a leaf. */
  FAULTS_FIXED,
  /** Faults that found the access allowed already. */
  FAULTS_SPURIOUS,
  /** Faults that have to be tried again. */
  FAULTS_RETRY,
  /** Accesses that no slot, or only a read-only one, answers. */
  FAULTS_EMULATE,
  /** Huge leaves replaced by a table of smaller ones. */
  SPLITS,
  /** Those of them that a fault made in a mirror, under the shared lock. */
  SPLITS_MIRROR_SHARED,
  /** Tables replaced by a huge leaf. */
  MERGES,
  /** Leaves removed by zaps. */
  ZAPS,
  /**
   * Compare-and-sets of an entry that found something else there; each was tried again or given up.
   */
  RACES_LOST,
  /** Changes of a mirror entry that the external page table refused for now. */
  EXTERNAL_BUSY,
  /** Tables unlinked from the tree, those below others included. */
  TABLES_FREED;

  /** The counter of leaves mapped at a level, 1 to 3. */
  public static MmuCounter mapped(int level) {
    return LEVELS[level - 1];
  }

  private static final MmuCounter[] LEVELS = {MAPPED_4K, MAPPED_2M, MAPPED_1G};
}
