package dev.septum.td;

/**
 * What becomes of a private mapping that is larger than a guest's ACCEPT wants it: the split in the
 * fault path.
 */
public enum AcceptPolicy {
  /**
   * Nothing: the mapping stays. The vCPU exits again until another has accepted the page at the
   * larger level; if none does, for ever. KVM's first series.
   */
  IGNORE,
  /**
   * Before the fault, under the exclusive lock, the mapping is split and larger mappings are
   * inhibited there. KVM's later series, and the default.
   */
  EXCLUSIVE,
  /**
   * In the fault, under the shared lock. Wants a module with non-blocking resize, which splits
   * without a block and a kick; what is BUSY is restored, and tried again.
   */
  SHARED
}
