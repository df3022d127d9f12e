package dev.septum.memory;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;

/**
 * The backing of a trust domain's slot (KVM's {@code guest_memfd}): which of its frames are
 * allocated, and in pages of which size the host has them. In place: the same frame serves a gfn
 * whether it is private or shared.
 *
 * <p>No mapping may be larger than the page that backs it. So before a range is punched or
 * converted, first its mappings are split at head and tail, then the backing ({@link #split}), and
 * then the mappings of the range are zapped. All of that, up to the end of {@link #punch}, stands
 * inside one invalidation of the range, rounded out to the largest block: a fault that found the
 * old order or a page that is gone finds the invalidation, under the MMU lock, and retries. Orders
 * change by {@code split} and {@code merge} alone; what is punched whole keeps its order.
 *
 * <p>Reading is wait-free and needs no lock. Changes hold the monitor, and block. The monitor comes
 * before the MMU lock: nobody calls them with the MMU lock held shared. Whoever makes a change of
 * several steps may hold the monitor throughout, and so keep allocations out.
 */
public final class GuestMemfd {
  private final Geometry geometry;
  private final GfnRange range;
  private final long pfn;
  private final PageLevel backing;
  private final MemoryAttributes attributes;
  private final FrameContent content;
  private final AllocationFaults faults;
  private final int largestLevel;
  private final GfnSet allocated;

  /** The gfns that are backed by pages smaller than 2M; whole blocks, but at head and tail. */
  private final GfnSet smallerThan2M;

  /** Likewise for 1G. */
  private final GfnSet smallerThan1G;

  /**
   * Backing of which nothing is allocated; its orders are the largest that backing, alignment and
   * range allow.
   *
   * @param range the guest frames; those of one slot
   * @param pfn the host frame behind the first gfn; the others follow
   * @param backing the pages that the host wants to have the memory in: 4K, 2M or 1G
   * @param attributes of the same machine: only what is all private or all shared is merged
   * @param content where frames that are punched are zeroed
   * @param faults which allocations fail
   * @throws IllegalArgumentException as {@link MemorySlot} does
   */
  public GuestMemfd(
      Geometry geometry,
      GfnRange range,
      long pfn,
      PageLevel backing,
      MemoryAttributes attributes,
      FrameContent content,
      AllocationFaults faults) {
    MemorySlot.checkFrames(geometry, range, pfn, backing);
    this.geometry = geometry;
    this.range = range;
    this.pfn = pfn;
    this.backing = backing;
    this.attributes = attributes;
    this.content = content;
    this.faults = faults;
    this.largestLevel = Math.min(backing.number(), SlotLimits.largestAligned(geometry, range, pfn));
    this.allocated = new GfnSet(geometry);
    this.smallerThan2M = new GfnSet(geometry);
    this.smallerThan1G = new GfnSet(geometry);
    leaveOutParts(PageLevel.PG_2M);
    leaveOutParts(PageLevel.PG_1G);
  }

  /** Nothing is backed by a page of this level where its block sticks out of the range. */
  private void leaveOutParts(int level) {
    long head = geometry.round(range.start() + geometry.pages(level) - 1, level);
    long tail = geometry.round(range.end(), level);
    if (level > largestLevel || head >= tail) {
      smallerThan(level).set(range.start(), range.end(), true);
    } else {
      smallerThan(level).set(range.start(), head, true);
      smallerThan(level).set(tail, range.end(), true);
    }
  }

  private GfnSet smallerThan(int level) {
    return level == PageLevel.PG_2M ? smallerThan2M : smallerThan1G;
  }

  Geometry geometry() {
    return geometry;
  }

  MemoryAttributes attributes() {
    return attributes;
  }

  /** The guest frames. */
  public GfnRange range() {
    return range;
  }

  /** The host frame behind the first guest frame. */
  public long pfn() {
    return pfn;
  }

  /** The pages that the host wanted to have the memory in. */
  public PageLevel backing() {
    return backing;
  }

  /**
   * The level, 1 to 3, of the page that backs a gfn, allocated or not. Wait-free; a fault decides
   * by what it reads under the MMU lock.
   *
   * @throws IllegalArgumentException if the gfn is not in the range
   */
  public int level(long gfn) {
    checkGfn(gfn);
    if (smallerThan2M.contains(gfn)) {
      return PageLevel.PG_4K;
    }
    return smallerThan1G.contains(gfn) ? PageLevel.PG_2M : PageLevel.PG_1G;
  }

  /**
   * Whether a gfn has memory. Wait-free; a fault decides by what it reads under the MMU lock.
   *
   * @throws IllegalArgumentException if the gfn is not in the range
   */
  public boolean isAllocated(long gfn) {
    checkGfn(gfn);
    return allocated.contains(gfn);
  }

  /**
   * Sees to it that a gfn has memory, and with it all that its page backs. Wait-free if it has;
   * else blocking. A fault calls it before it takes the MMU lock.
   *
   * @return false if there was no memory; then nothing has changed
   * @throws IllegalArgumentException if the gfn is not in the range
   */
  public boolean allocate(long gfn) {
    return isAllocated(gfn) || allocatePage(gfn);
  }

  private synchronized boolean allocatePage(long gfn) {
    if (allocated.contains(gfn)) {
      return true;
    }
    if (faults.fails()) {
      return false;
    }
    int level = level(gfn);
    long first = geometry.round(gfn, level);
    allocated.set(first, first + geometry.pages(level), true);
    return true;
  }

  /**
   * Splits the pages that a range covers partly down to 4K: 1G to 2M, and to 4K what of 2M is still
   * covered partly. After their mappings were split, inside the same invalidation.
   *
   * @return how many pages were split, 1G and 2M
   * @throws IllegalArgumentException if not all of {@code part} is in the range
   */
  public synchronized long split(GfnRange part) {
    checkPart(part);
    return splitAt(part.start()) + splitAt(part.end());
  }

  private long splitAt(long gfn) {
    long split = 0;
    for (int level = largestLevel; level > PageLevel.PG_4K; level--) {
      if (isInsidePage(gfn) && level(gfn) == level) {
        long first = geometry.round(gfn, level);
        smallerThan(level).set(first, first + geometry.pages(level), true);
        split++;
      }
    }
    return split;
  }

  /**
   * Merges the blocks that lie wholly in a range into larger pages, as far as the wanted backing
   * goes: those of which all is allocated, and all is private or all is shared. A 1G page is made
   * of 2M pages. Nobody changes attributes of the range meanwhile.
   *
   * @return how many pages were made, 2M and 1G
   * @throws IllegalArgumentException if not all of {@code part} is in the range
   */
  public synchronized long merge(GfnRange part) {
    checkPart(part);
    long merged = 0;
    // The smaller first: a 1G block that may be merged has no 4K pages left then.
    for (int level = PageLevel.PG_2M; level <= largestLevel; level++) {
      long pages = geometry.pages(level);
      long first = geometry.round(part.start() + pages - 1, level);
      for (; first + pages <= part.end(); first += pages) {
        if (isMergeable(first, level)) {
          smallerThan(level).set(first, first + pages, false);
          merged++;
        }
      }
    }
    return merged;
  }

  private boolean isMergeable(long first, int level) {
    return level(first) == level - 1
        && allocated.contains(first)
        && allocated.isUniform(first, level)
        && attributes.isUniform(first, level);
  }

  /**
   * Takes memory away. Its frames read as zero until they are written again. After its mappings
   * were zapped, inside the same invalidation.
   *
   * @return how many pages of 4K there were
   * @throws IllegalArgumentException if not all of {@code part} is in the range
   * @throws IllegalStateException if a page is in {@code part} only partly: the host forgot to
   *     split it; then nothing has changed
   */
  public synchronized long punch(GfnRange part) {
    checkPart(part);
    checkNotTorn(part, part.start());
    checkNotTorn(part, part.end());
    content.zero(pfn + (part.start() - range.start()), part.pages());
    return allocated.set(part.start(), part.end(), false);
  }

  private void checkNotTorn(GfnRange part, long gfn) {
    if (isInsidePage(gfn)) {
      int level = level(gfn);
      throw new IllegalStateException(
          String.format(
              "a hole at %s would tear the %s page at gfn 0x%x, which was not split",
              part, PageLevel.of(level), geometry.round(gfn, level)));
    }
  }

  /** Whether one page backs a gfn and the gfn before it. */
  private boolean isInsidePage(long gfn) {
    return gfn < range.end() && geometry.round(gfn, level(gfn)) != gfn;
  }

  private void checkGfn(long gfn) {
    if (!range.contains(gfn)) {
      throw new IllegalArgumentException(String.format("gfn 0x%x is not in %s", gfn, this));
    }
  }

  private void checkPart(GfnRange part) {
    if (!range.contains(part)) {
      throw new IllegalArgumentException(part + " is not in " + this);
    }
  }

  @Override
  public String toString() {
    return String.format("guest_memfd %s at pfn 0x%x in pages of %s", range, pfn, backing);
  }
}
