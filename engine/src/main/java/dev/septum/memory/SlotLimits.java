package dev.septum.memory;

import dev.septum.mmu.MappingLimits;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import org.jspecify.annotations.Nullable;

/**
 * How large a mapping may be at each place of a slot (KVM's {@code lpage_info}): not where a block
 * sticks out of the slot at its head or tail, not where gfn and pfn are aligned differently, and
 * not where someone has forbidden it.
 *
 * <p>Read under the MMU lock, changed under it exclusively.
 */
public final class SlotLimits implements MappingLimits {
  private final Geometry geometry;
  private final GfnRange range;
  private final int largestAligned;

  /** How often each block was forbidden, by level; made when one is. */
  private final int[] @Nullable [] forbidden = new int[PageLevel.LEAF_LEVELS + 1][];

  SlotLimits(Geometry geometry, GfnRange range, long pfn) {
    this.geometry = geometry;
    this.range = range;
    int level = geometry.maxLeafLevel();
    while (((range.start() ^ pfn) & geometry.pages(level) - 1) != 0) {
      level--;
    }
    this.largestAligned = level;
  }

  @Override
  public int maxMappingLevel(long gfn, int cap) {
    int level = Math.min(cap, geometry.maxLeafLevel());
    while (level > PageLevel.PG_4K && !allows(gfn, level)) {
      level--;
    }
    return level;
  }

  private boolean allows(long gfn, int level) {
    long block = geometry.round(gfn, level);
    if (level > largestAligned
        || block < range.start()
        || block + geometry.pages(level) > range.end()) {
      return false;
    }
    int[] counts = forbidden[level];
    return counts == null || counts[blockOf(gfn, level)] == 0;
  }

  /** Forbids a mapping of this level over the gfn, once more. */
  void forbid(long gfn, int level) {
    int[] counts = forbidden[level];
    if (counts == null) {
      counts = new int[blockOf(range.end() - 1, level) + 1];
      forbidden[level] = counts;
    }
    counts[blockOf(gfn, level)]++;
  }

  /**
   * Takes one {@link #forbid} back.
   *
   * @throws IllegalStateException if there is none
   */
  void permit(long gfn, int level) {
    int[] counts = forbidden[level];
    if (counts == null || counts[blockOf(gfn, level)] == 0) {
      throw new IllegalStateException(
          String.format("a %s mapping at gfn 0x%x is not forbidden", PageLevel.of(level), gfn));
    }
    counts[blockOf(gfn, level)]--;
  }

  private int blockOf(long gfn, int level) {
    long first = geometry.round(range.start(), level);
    return (int) ((gfn - first) / geometry.pages(level));
  }
}
