package dev.septum.simulator.input;

import dev.septum.paging.Access;

/**
 * What access a {@code kvm_page_fault} event's error code tells of. The kernel prints what the
 * processor gave it, and does not say which processor.
 *
 * <pre>
 *   bit            Intel: exit qualification (SDM 28.2.1)   AMD: page-fault error code (APM 15.25.6)
 *   0              a read                                   the page was present
 *   1              a write                                  a write
 *   2              a fetch                                  user: set for every guest access
 *   3-6            what the entry allowed                   4: a fetch
 *   7              a linear address made it: nearly always  (none)
 *   31 and above   (none)                                   RMP; 32, 33: the page or its table
 * </pre>
 *
 * So bit 1 is a write in both. Otherwise a code with bit 7, and none from 31 up, is Intel's, where
 * bit 2 is a fetch; any other is AMD's, where bit 4 is, for older kernels print only its low half,
 * of which bit 2 must not make a fetch. All else is a read.
 */
final class FaultCode {
  private static final long WRITE = 1L << 1;
  private static final long INTEL_FETCH = 1L << 2;
  private static final long AMD_FETCH = 1L << 4;
  private static final long INTEL_LINEAR = 1L << 7;
  private static final int AMD_ONLY_SHIFT = 31;

  private FaultCode() {}

  /** The access that faulted. */
  static Access access(long code) {
    if ((code & WRITE) != 0) {
      return Access.WRITE;
    }
    boolean intel = (code & INTEL_LINEAR) != 0 && code >>> AMD_ONLY_SHIFT == 0;
    return (code & (intel ? INTEL_FETCH : AMD_FETCH)) != 0 ? Access.EXECUTE : Access.READ;
  }
}
