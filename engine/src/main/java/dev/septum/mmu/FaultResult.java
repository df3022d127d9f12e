package dev.septum.mmu;

/** What became of a fault; KVM's {@code RET_PF_*}. */
public enum FaultResult {
  /** A leaf was installed or changed: enter the guest again. */
  FIXED,
  /** The access was allowed already: enter the guest again. */
  SPURIOUS,
  /** Someone else is changing the same place or its memory: look the page up again, and retry. */
  RETRY,
  /** No memory answers here: emulate the access. */
  EMULATE
}
