package dev.septum.tdx;

/** How far a TD has come: TDR.LIFECYCLE_STATE. Source: the TDX module, 1.5.01. */
public enum Lifecycle {
  /** Made, without keys. */
  HKID_ASSIGNED,
  /** Usable. */
  KEYS_CONFIGURED,
  /** No vCPU is associated with a logical processor, and none will be. */
  BLOCKED,
  /** The keys are free, and pages may be reclaimed. */
  TEARDOWN
}
