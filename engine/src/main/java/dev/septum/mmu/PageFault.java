package dev.septum.mmu;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;

/**
 * One fault: what the guest wanted, and what the page lookup found. Filled by the thread that
 * handles the fault, used again for the next; a new one allocates nothing afterwards.
 */
public final class PageFault {
  private static final MappingLimits UNLIMITED = (gfn, cap) -> cap;

  private static final long NO_FRAME = -1;
  private static final long MAX_FRAMES = 1L << (Geometry.MAX_ADDRESS_BITS - Geometry.PAGE_SHIFT);

  long gfn;
  int accessBits;
  boolean prefetch;
  boolean isPrivate;
  boolean splitsPrivate;
  int wantedLevel;
  long pfn;
  boolean writable;
  int largestLevel;
  MappingLimits limits = UNLIMITED;
  long sequence;

  private int goalLevel;
  private int mappedLevel;
  private int tablesMissing;
  private boolean fast;

  /** A fault of nobody yet. */
  public PageFault() {}

  /**
   * Begins anew: an access to a page that nothing is known of.
   *
   * @param gfn the guest frame
   * @param accessBits one or more of {@link Access#bit}
   * @param sequence {@link TdpMmu#invalidationSequence} as it was before the page was looked up
   */
  public PageFault begin(long gfn, int accessBits, long sequence) {
    this.gfn = gfn;
    this.accessBits = accessBits;
    this.sequence = sequence;
    this.prefetch = false;
    this.isPrivate = false;
    this.splitsPrivate = false;
    this.pfn = NO_FRAME;
    this.largestLevel = PageLevel.PG_4K;
    this.wantedLevel = PageLevel.LEAF_LEVELS;
    limitedBy(UNLIMITED);
    this.goalLevel = PageLevel.PG_4K;
    this.mappedLevel = 0;
    this.tablesMissing = 0;
    this.fast = false;
    return this;
  }

  /**
   * What lies behind the page.
   *
   * @param pfn the host frame of {@code gfn} itself
   * @param writable whether the host lets it be written
   * @param largestLevel the largest level that its backing is contiguous at, 1 to 3
   */
  public PageFault backedBy(long pfn, boolean writable, int largestLevel) {
    this.pfn = pfn;
    this.writable = writable;
    this.largestLevel = largestLevel;
    return this;
  }

  /** Asks for a mapping no larger than a level, 1 to 3. */
  public PageFault wanting(int level) {
    this.wantedLevel = level;
    return this;
  }

  /** Sets what limits the size of the mapping here. */
  public PageFault limitedBy(MappingLimits what) {
    if (limits
        != what) { // the store of a reference costs a collector's barrier, maybe with a fence
      limits = what;
    }
    return this;
  }

  /** Nobody touches the page yet: map it, but not as accessed. */
  public PageFault asPrefetch() {
    this.prefetch = true;
    return this;
  }

  /**
   * The page is private memory of a trust domain: its mapping goes to the mirror root.
   *
   * @param split whether a larger leaf that is there is split, under the shared lock; else the
   *     fault is spurious there, whatever level it wants
   */
  public PageFault asPrivate(boolean split) {
    this.isPrivate = true;
    this.splitsPrivate = split;
    return this;
  }

  /** After the fault: the level at which it meant to map; 4K if it was fast, as KVM records it. */
  public int goalLevel() {
    return goalLevel;
  }

  /** After a fault that was fixed or spurious: the level of the leaf that it left or found. */
  public int mappedLevel() {
    return mappedLevel;
  }

  /**
   * After the fault: whether a write found its page writable already, whatever level was wanted.
   */
  public boolean wasFast() {
    return fast;
  }

  /** Refuses what cannot be mapped at a level. */
  void check(Geometry geometry, int level) {
    geometry.checkLeafLevel(level);
    long inBlock = geometry.pages(level) - 1;
    if (pfn < 0 || pfn >= MAX_FRAMES || ((pfn ^ gfn) & inBlock) != 0) {
      throw new IllegalArgumentException(
          String.format("gfn 0x%x cannot be mapped to pfn 0x%x at level %d", gfn, pfn, level));
    }
  }

  boolean isWrite() {
    return (accessBits & Access.WRITE.bit()) != 0;
  }

  int tablesMissing() {
    return tablesMissing;
  }

  void setTablesMissing(int tables) {
    tablesMissing = tables;
  }

  void setMapped(int level) {
    mappedLevel = level;
  }

  void setGoal(int level) {
    goalLevel = level;
  }

  void setFast() {
    fast = true;
    goalLevel = PageLevel.PG_4K;
  }
}
