package dev.septum.vm;

/** Why a vCPU stopped. */
public enum VcpuExit {
  /** It did not: everything it was to do is done. */
  NONE,
  /** It touched an address where no slot is, or wrote to a read-only slot: emulate the access. */
  MMIO,
  /**
   * It touched private memory as shared, or the other way round: the embedder may convert the page
   * (KVM_EXIT_MEMORY_FAULT).
   */
  MEMORY_FAULT,
  /** Its guest has got a #VE: it touched private memory that it has not accepted. */
  VIRTUALIZATION_EXCEPTION,
  /** It touched private memory that it has not accepted, and takes no #VE for that. */
  UNACCEPTED,
  /**
   * Its ACCEPT led to the same exit again and again, and nothing changed: it was given up. The
   * policy leaves a larger mapping that nobody accepts.
   */
  ENDLESS_VIOLATION
}
