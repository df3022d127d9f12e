package dev.septum.mmu;

import dev.septum.trace.MmuCounter;

/** What became of a fault on memory; those of KVM's {@code RET_PF_*} that memory slots give. */
public enum FaultResult {
  /** A leaf was installed or changed: enter the guest again. */
  FIXED(MmuCounter.FAULTS_FIXED),
  /** The access was allowed already: enter the guest again. */
  SPURIOUS(MmuCounter.FAULTS_SPURIOUS),
  /** Someone else is changing the same place or its memory: look the page up again, and retry. */
  RETRY(MmuCounter.FAULTS_RETRY);

  private final MmuCounter counter;

  FaultResult(MmuCounter counter) {
    this.counter = counter;
  }

  /** What counts it. */
  MmuCounter counter() {
    return counter;
  }
}
