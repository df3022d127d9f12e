package dev.septum.tdx;

/**
 * What must hold of the module, by the numbers of the list that its model was written from. 1 to 8
 * are seen in its structures at rest ({@link ModuleAudit}), 9 to 15 by comparing them before and
 * behind a call ({@link CallAudit}).
 */
public enum ModuleRule {
  /**
   * 1: leaves at 4K to 1G only, tables above; each table has one parent; the root is the TDCS's.
   */
  TREE,
  /** 2: a leaf's page is aligned, assigned at its size to this TD, and not divided. */
  LEAF_PAGE,
  /** 3: a page assigned as memory is mapped once, at its size, in all TDs together. */
  MAPPED_ONCE,
  /** 4: a table's page is assigned as a table to this TD; a free page is named by nothing. */
  TABLE_PAGE,
  /** 5: CHLDCNT is the sum of what the TD owns. */
  CHILD_COUNT,
  /**
   * 6: SVE is set, R/W/X, PS and IPAT follow the state, ACCEPT_COUNTER is of 2M PENDING, TDEL is 0.
   */
  ENTRY_BITS,
  /** 7: no page is assigned at two sizes; page pairs are counted, and reserved. */
  PAMT,
  /** 8: block epochs are not beyond the TD's; the counts are the vCPUs inside. */
  EPOCHS,
  /** 9: nobody inside can hold a translation through what was consumed. */
  TLB,
  /** 10: what is tracked stays tracked. */
  TRACKED,
  /** 11: what each leaf function does to which page is mapped where. */
  FLATTEN,
  /** 12: a page becomes accepted by ACCEPT and PAGE.ADD alone, and ceases to be by PAGE.REMOVE. */
  ACCEPTED,
  /** 13: what fails changes nothing, and what succeeds changes nothing but what is its own. */
  ATOMIC,
  /** 14: the address that comes back is the one that was mapped. */
  RETURNED_PAGE,
  /** 15: no call finds the module broken. */
  SOUND
}
