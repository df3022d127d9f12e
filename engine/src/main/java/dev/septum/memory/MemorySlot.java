package dev.septum.memory;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;

/** A range of guest memory and the host frames behind it. Immutable, but for its limits. */
public final class MemorySlot {
  private final GfnRange range;
  private final long pfn;
  private final PageLevel backing;
  private final boolean readOnly;
  private final SlotLimits limits;

  /**
   * A slot.
   *
   * @param pfn the host frame behind the first gfn; the frames of the slot are contiguous
   * @param backing the pages that the host's memory comes in: 4K, 2M or 1G
   * @throws IllegalArgumentException if the range or the frames are beyond what an entry can name,
   *     or no leaf has the size of {@code backing}
   */
  public MemorySlot(
      Geometry geometry, GfnRange range, long pfn, PageLevel backing, boolean readOnly) {
    geometry.checkRange(range);
    long frames = 1L << (Geometry.MAX_ADDRESS_BITS - Geometry.PAGE_SHIFT);
    if (pfn < 0 || pfn > frames - range.pages()) {
      throw new IllegalArgumentException(
          String.format("pfn 0x%x and the %d behind it: no such frames", pfn, range.pages()));
    }
    if (backing.number() > PageLevel.LEAF_LEVELS) {
      throw new IllegalArgumentException("memory does not come in pages of " + backing);
    }
    this.range = range;
    this.pfn = pfn;
    this.backing = backing;
    this.readOnly = readOnly;
    this.limits = new SlotLimits(geometry, range, pfn);
  }

  /** The guest frames. */
  public GfnRange range() {
    return range;
  }

  /** The host frame behind the first guest frame. */
  public long pfn() {
    return pfn;
  }

  /** The host frame behind a guest frame of the slot. */
  public long pfnOf(long gfn) {
    return pfn + (gfn - range.start());
  }

  /** The pages that the host's memory comes in. */
  public PageLevel backing() {
    return backing;
  }

  /** Whether the guest may only read. */
  public boolean isReadOnly() {
    return readOnly;
  }

  /** How large a mapping may be. */
  public SlotLimits limits() {
    return limits;
  }

  /** Whether {@code leaf} is what this slot has at {@code gfn}. */
  public boolean backs(long gfn, long pages, long leaf) {
    return range.contains(GfnRange.ofPages(gfn, pages))
        && Spte.pfn(leaf) == pfnOf(gfn)
        && !(readOnly && Spte.isWritable(leaf));
  }

  @Override
  public String toString() {
    return "slot "
        + range
        + String.format(" at pfn 0x%x", pfn)
        + " in pages of "
        + backing
        + (readOnly ? ", read-only" : "");
  }
}
