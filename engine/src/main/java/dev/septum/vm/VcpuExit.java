package dev.septum.vm;

/** Why a vCPU stopped. */
public enum VcpuExit {
  /** It did not: everything it was to do is done. */
  NONE,
  /** It touched an address where no slot is, or wrote to a read-only slot: emulate the access. */
  MMIO
}
