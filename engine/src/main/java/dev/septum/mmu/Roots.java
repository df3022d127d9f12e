package dev.septum.mmu;

/** Which trees an operation is about. Without a mirror, all mean the direct root. */
public enum Roots {
  /** The one that hardware walks: a normal VM's memory, or a trust domain's shared memory. */
  DIRECT,
  /** The one that repeats the Secure EPT: a trust domain's private memory. */
  MIRROR,
  /** Both. */
  BOTH
}
