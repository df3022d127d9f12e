package dev.septum.mmu;

import dev.septum.paging.Geometry;

/**
 * What makes an MMU that of a trust domain: a second, mirror root for private memory.
 *
 * @param external what the mirror repeats
 * @param sharedBit the guest-physical address bit that tells shared memory: 47 or 51; for checkers
 *     the highest bit of a small tree. Everywhere but in the direct root's index, gfns are
 *     canonical, without it
 */
public record Mirroring(ExternalPageTable external, int sharedBit) {
  /**
   * Checks the bit.
   *
   * @throws IllegalArgumentException if it is no bit of a frame number
   */
  public Mirroring {
    if (sharedBit < Geometry.PAGE_SHIFT || sharedBit >= Geometry.MAX_ADDRESS_BITS) {
      throw new IllegalArgumentException("no shared bit: " + sharedBit);
    }
  }

  /** The bit in a frame number; also one more than the largest canonical gfn. */
  long gfnBit() {
    return 1L << (sharedBit - Geometry.PAGE_SHIFT);
  }
}
