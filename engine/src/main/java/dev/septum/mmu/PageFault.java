package dev.septum.mmu;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.PaddedHead;

/**
 * One fault: what the guest wanted, and what the page lookup found. Filled by the thread that
 * handles the fault, used again for the next; a new one allocates nothing afterwards.
 */
public final class PageFault extends PageFaultWords {
  private static final long NO_FRAME = -1;
  private static final long MAX_FRAMES = 1L << (Geometry.MAX_ADDRESS_BITS - Geometry.PAGE_SHIFT);

  // What is asked, in one word: few stores, because the lock's fence waits for each of them.
  private static final int ACCESS_MASK = 7;
  private static final int LEVEL_MASK = 3;
  private static final int WANTED_SHIFT = 4;
  private static final int LARGEST_SHIFT = 6;
  private static final int WRITABLE = 1 << 8;
  private static final int PREFETCH = 1 << 9;
  private static final int PRIVATE = 1 << 10;
  private static final int SPLITS_PRIVATE = 1 << 11;
  private static final int ANYTHING =
      PageLevel.LEAF_LEVELS << WANTED_SHIFT | PageLevel.PG_4K << LARGEST_SHIFT;

  // What became of it, in another.
  private static final int MAPPED_SHIFT = 4;
  private static final int FAST = 1 << 8;
  private static final int MISSING_SHIFT = 12;
  private static final int NOT_MAPPED = PageLevel.PG_4K;

  @SuppressWarnings("unused") // padding
  private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

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
    this.sequence = sequence;
    this.pfn = NO_FRAME;
    this.asked = ANYTHING | accessBits & ACCESS_MASK;
    this.outcome = NOT_MAPPED;
    return limitedBy(UNLIMITED);
  }

  /**
   * What lies behind the page.
   *
   * @param pfn the host frame of {@code gfn} itself
   * @param writable whether the host lets it be written
   * @param largestLevel the largest level that its backing is contiguous at, 1 to 3
   * @throws IllegalArgumentException if that is no leaf's level
   */
  public PageFault backedBy(long pfn, boolean writable, int largestLevel) {
    this.pfn = pfn;
    asked =
        asked & ~(LEVEL_MASK << LARGEST_SHIFT | WRITABLE)
            | checkLevel(largestLevel) << LARGEST_SHIFT
            | (writable ? WRITABLE : 0);
    return this;
  }

  /**
   * Asks for a mapping no larger than a level, 1 to 3.
   *
   * @throws IllegalArgumentException if it is no leaf's level
   */
  public PageFault wanting(int level) {
    asked = asked & ~(LEVEL_MASK << WANTED_SHIFT) | checkLevel(level) << WANTED_SHIFT;
    return this;
  }

  private static int checkLevel(int level) {
    if (level < PageLevel.PG_4K || level > PageLevel.LEAF_LEVELS) {
      throw new IllegalArgumentException("a leaf's level must be 1 to 3, not " + level);
    }
    return level;
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
    asked |= PREFETCH;
    return this;
  }

  /**
   * The page is private memory of a trust domain: its mapping goes to the mirror root.
   *
   * @param split whether a larger leaf that is there is split, under the shared lock; else the
   *     fault is spurious there, whatever level it wants
   */
  public PageFault asPrivate(boolean split) {
    asked |= PRIVATE | (split ? SPLITS_PRIVATE : 0);
    return this;
  }

  /** After the fault: the level at which it meant to map; 4K if it was fast, as KVM records it. */
  public int goalLevel() {
    return outcome & LEVEL_MASK;
  }

  /** After a fault that was fixed or spurious: the level of the leaf that it left or found. */
  public int mappedLevel() {
    return outcome >>> MAPPED_SHIFT & LEVEL_MASK;
  }

  /**
   * After the fault: whether a write found its page writable already, whatever level was wanted.
   */
  public boolean wasFast() {
    return (outcome & FAST) != 0;
  }

  long gfn() {
    return gfn;
  }

  long pfn() {
    return pfn;
  }

  long sequence() {
    return sequence;
  }

  int accessBits() {
    return asked & ACCESS_MASK;
  }

  boolean isWrite() {
    return (asked & Access.WRITE.bit()) != 0;
  }

  boolean isWritable() {
    return (asked & WRITABLE) != 0;
  }

  boolean isPrefetch() {
    return (asked & PREFETCH) != 0;
  }

  boolean isPrivate() {
    return (asked & PRIVATE) != 0;
  }

  boolean splitsPrivate() {
    return (asked & SPLITS_PRIVATE) != 0;
  }

  /** Whether it is for 4K whatever page info says. */
  boolean isOnlyFor4k() {
    return wanted() == PageLevel.PG_4K || backed() == PageLevel.PG_4K;
  }

  /**
   * The largest level that want, page info and backing allow. Under the MMU lock.
   *
   * <p>In KVM's order: page info is asked for the largest level wanted, then the backing limits
   * what it says.
   */
  int largestAllowed(Geometry geometry) {
    int cap = Math.min(wanted(), geometry.maxLeafLevel());
    return isOnlyFor4k() ? PageLevel.PG_4K : Math.min(limits.maxMappingLevel(gfn, cap), backed());
  }

  private int wanted() {
    return asked >>> WANTED_SHIFT & LEVEL_MASK;
  }

  private int backed() {
    return asked >>> LARGEST_SHIFT & LEVEL_MASK;
  }

  /** Whether its frame is one. */
  boolean hasFrame() {
    return pfn >= 0 && pfn < MAX_FRAMES;
  }

  /** Refuses what cannot be mapped at a level. */
  void check(Geometry geometry, int level) {
    geometry.checkLeafLevel(level);
    long inBlock = geometry.pages(level) - 1;
    if (!hasFrame() || ((pfn ^ gfn) & inBlock) != 0) {
      throw new IllegalArgumentException(
          String.format("gfn 0x%x cannot be mapped to pfn 0x%x at level %d", gfn, pfn, level));
    }
  }

  /**
   * The leaf that this fault installs in the place of {@code old}.
   *
   * @param presetDirty whether what may be written is dirty from the start
   */
  long leaf(Geometry geometry, int level, long old, boolean presetDirty) {
    boolean written = isWrite() && !isPrefetch();
    boolean dirty = isWritable() && (presetDirty || isPrivate() || written);
    long flags = (isPrefetch() ? 0 : Spte.ACCESSED) | (dirty ? Spte.DIRTY : 0);
    if (!presetDirty && Spte.isPresent(old)) {
      flags |= Spte.accessedDirty(old);
    }
    return Spte.makeLeaf(pfn - (gfn & geometry.pages(level) - 1), level, isWritable(), flags);
  }

  int tablesMissing() {
    return outcome >>> MISSING_SHIFT;
  }

  void setTablesMissing(int tables) {
    outcome = outcome & (1 << MISSING_SHIFT) - 1 | tables << MISSING_SHIFT;
  }

  void setMapped(int level) {
    outcome = outcome & ~(LEVEL_MASK << MAPPED_SHIFT) | level << MAPPED_SHIFT;
  }

  void setGoal(int level) {
    outcome = outcome & ~LEVEL_MASK | level;
  }

  void setFast() {
    outcome |= FAST;
    setGoal(PageLevel.PG_4K);
  }
}

/** What a fault is, on cache lines of its thread's own. */
abstract class PageFaultWords extends PaddedHead {
  static final MappingLimits UNLIMITED = (gfn, cap) -> cap;

  long gfn;
  long sequence;
  long pfn;
  int asked;
  int outcome;
  MappingLimits limits = UNLIMITED;
}
