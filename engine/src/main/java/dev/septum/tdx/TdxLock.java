package dev.septum.tdx;

/** The module's locks, by kind; all are tried, never waited for. */
public enum TdxLock {
  /** A TD's root page, shared by all that use the TD. */
  TDR,
  /** The operation state of a TD. */
  OP_STATE,
  /** The Secure EPT of a TD as a whole. */
  SEPT_TREE,
  /** One entry of a Secure EPT. */
  SEPT_ENTRY,
  /** The TLB epoch of a TD. */
  TD_EPOCH,
  /** The descriptor of a host page. */
  PAMT
}
