package dev.septum.mmu;

/**
 * What became of a fault on memory; those of KVM's {@code RET_PF_*} that a normal VM's slots give.
 */
public enum FaultResult {
  /** A leaf was installed or changed: enter the guest again. */
  FIXED,
  /** The access was allowed already: enter the guest again. */
  SPURIOUS,
  /** Someone else is changing the same place or its memory: look the page up again, and retry. */
  RETRY
}
