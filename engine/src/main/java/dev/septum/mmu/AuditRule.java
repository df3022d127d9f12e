package dev.septum.mmu;

/** What must hold of a machine at rest. */
public enum AuditRule {
  /** Every table is reached by one entry, and lies where its description says. */
  STRUCTURE,
  /** An entry is empty, a table, or a leaf of a level that can have leaves, with its rules kept. */
  ENTRY,
  /** A leaf's frame is aligned to its level. */
  ALIGNMENT,
  /** No live table lies below a leaf. */
  LEAF_OVER_TABLE,
  /** No entry that can be reached is frozen. */
  FROZEN,
  /** Counted leaves are the leaves that are there. */
  COUNTS,
  /** Live, waiting and free tables are all tables, and those live are the ones reached. */
  ARENA,
  /** No table is both live and free, or free twice. */
  DOUBLE_USE,
  /** No invalidation is in progress. */
  INVALIDATION,
  /**
   * A leaf maps a slot's own frames, is no larger than the slot's pages, and is not writable where
   * the slot is not.
   */
  BACKING,
  /** A mirror says what the external page table says. */
  MIRROR,
  /** No entry is kept from guests for a call of the host's that has lost it, and was given up. */
  HOST_PRIORITY,
  /** What is mapped as private is private memory, all of it; likewise what is shared. */
  ATTRIBUTES,
  /** Nothing is mapped at a level that the guest inhibits there. */
  INHIBIT,
  /** The TDX module's own invariants hold. */
  MODULE,
  /** No invariant was found broken while the machine ran. */
  HEALTH
}
