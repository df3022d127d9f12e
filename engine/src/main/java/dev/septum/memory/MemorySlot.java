package dev.septum.memory;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import org.jspecify.annotations.Nullable;

/**
 * A range of guest memory and the host frames behind it. Immutable, but for its limits and its
 * guest_memfd.
 */
public final class MemorySlot {
  /** Host frames that an entry can name. */
  static final long FRAMES = 1L << (Geometry.MAX_ADDRESS_BITS - Geometry.PAGE_SHIFT);

  private final GfnRange range;
  private final long pfn;
  private final PageLevel backing;
  private final boolean readOnly;
  private final @Nullable GuestMemfd memfd;
  private final SlotLimits limits;

  /**
   * A slot of a normal VM.
   *
   * @param pfn the host frame behind the first gfn; the frames of the slot are contiguous
   * @param backing the pages that the host's memory comes in: 4K, 2M or 1G
   * @throws IllegalArgumentException if the range or the frames are beyond what an entry can name,
   *     or no leaf has the size of {@code backing}
   */
  public MemorySlot(
      Geometry geometry, GfnRange range, long pfn, PageLevel backing, boolean readOnly) {
    this(geometry, range, pfn, backing, readOnly, null, null);
  }

  private MemorySlot(
      Geometry geometry,
      GfnRange range,
      long pfn,
      PageLevel backing,
      boolean readOnly,
      @Nullable MemoryAttributes attributes,
      @Nullable GuestMemfd memfd) {
    checkFrames(geometry, range, pfn, backing);
    this.range = range;
    this.pfn = pfn;
    this.backing = backing;
    this.readOnly = readOnly;
    this.memfd = memfd;
    this.limits = new SlotLimits(geometry, range, pfn, attributes, memfd);
  }

  /**
   * A writable slot of a trust domain for shared memory alone: no block is mapped large in which
   * private and shared gfns mix.
   *
   * @throws IllegalArgumentException as the constructor does
   */
  public static MemorySlot ofShared(
      Geometry geometry, GfnRange range, long pfn, PageLevel backing, MemoryAttributes attributes) {
    return new MemorySlot(geometry, range, pfn, backing, false, attributes, null);
  }

  /** The writable slot of a trust domain, for private and shared memory, that a memfd backs. */
  public static MemorySlot ofGuestMemfd(GuestMemfd memfd) {
    return new MemorySlot(
        memfd.geometry(),
        memfd.range(),
        memfd.pfn(),
        memfd.backing(),
        false,
        memfd.attributes(),
        memfd);
  }

  static void checkFrames(Geometry geometry, GfnRange range, long pfn, PageLevel backing) {
    geometry.checkRange(range);
    if (pfn < 0 || pfn > FRAMES - range.pages()) {
      throw new IllegalArgumentException(
          String.format("pfn 0x%x and the %d behind it: no such frames", pfn, range.pages()));
    }
    if (backing.number() > PageLevel.LEAF_LEVELS) {
      throw new IllegalArgumentException("memory does not come in pages of " + backing);
    }
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

  /** What backs a trust domain's private memory; null in a slot that has none. */
  public @Nullable GuestMemfd guestMemfd() {
    return memfd;
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
        + (readOnly ? ", read-only" : "")
        + (memfd != null ? ", guest_memfd" : "");
  }
}
