package dev.septum.jcstress;

import dev.septum.mmu.FaultResult;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArenaFullException;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.trace.MmuCounter;

/**
 * The smallest tree there is, 2 levels of 1 bit: four gfns, in two blocks of two. A block is mapped
 * by one large leaf (2M) or by a table of two small ones (4K).
 */
final class TinyTree {
  static final Geometry GEOMETRY = new Geometry(2, 1);

  /** The first block. */
  static final GfnRange BLOCK = GfnRange.ofPages(0, 2);

  /** The second block. */
  static final GfnRange OTHER_BLOCK = GfnRange.ofPages(2, 2);

  /** As many tables as make who wants another wait for one that is dead. */
  static final int ROOT_AND_ONE_TABLE = 2;

  private static final int MANY_TABLES = 512;

  /** How often who looks on looks again, so that something happens meanwhile. */
  private static final int TIMES = 10;

  private static final long PFN_OFFSET = 16;

  final TdpMmu mmu;
  private final long pfnOffset;

  TinyTree() {
    this(MANY_TABLES);
  }

  TinyTree(int maxTables) {
    this(maxTables, MmuOptions.SEPTUM);
  }

  TinyTree(MmuOptions options) {
    this(MANY_TABLES, options);
  }

  private TinyTree(int maxTables, MmuOptions options) {
    this(
        new TdpMmu(GEOMETRY, maxTables, options, new BiasedMmuLock(), TlbFlusher.NONE), PFN_OFFSET);
  }

  /**
   * Somebody else's.
   *
   * @param pfnOffset how far the frames are from their gfns
   */
  TinyTree(TdpMmu mmu, long pfnOffset) {
    this.mmu = mmu;
    this.pfnOffset = pfnOffset;
  }

  Walker newWalker() {
    return mmu.newWalker();
  }

  /** A fault that may be mapped as large as {@code largest}. */
  FaultResult fault(Walker walker, long gfn, Access access, int largest) {
    return mmu.fault(walker, newFault(gfn, access).backedBy(gfn + pfnOffset, true, largest));
  }

  /** Maps a gfn at 4K that nobody has touched: without A and D. */
  FaultResult prefetch(Walker walker, long gfn) {
    PageFault fault = newFault(gfn, Access.READ).asPrefetch();
    return mmu.fault(walker, fault.backedBy(gfn + pfnOffset, true, PageLevel.PG_4K));
  }

  /** Maps a range that nobody has touched, as large as may be; how many pages are mapped now. */
  int prefault(Walker walker, GfnRange range, int largest) {
    long gfn = range.start();
    while (gfn < range.end()) {
      PageFault fault = newFault(gfn, Access.READ).asPrefetch();
      fault.backedBy(gfn + pfnOffset, true, largest);
      if (mmu.fault(walker, fault) != FaultResult.RETRY) {
        int level = fault.mappedLevel();
        gfn = mmu.geometry().round(gfn, level) + mmu.geometry().pages(level);
      }
    }
    return (int) (gfn - range.start());
  }

  /** Maps a gfn at 4K that nobody has touched, and that may not be written yet. */
  void prefetchReadOnly(Walker walker, long gfn) {
    PageFault fault = newFault(gfn, Access.READ).asPrefetch();
    mmu.fault(walker, fault.backedBy(gfn + pfnOffset, false, PageLevel.PG_4K));
  }

  /** Maps the first block by a full table that nobody has touched. */
  void fillBlock(Walker walker) {
    prefault(walker, BLOCK, PageLevel.PG_4K);
  }

  /**
   * Merges the first block, and maps a page of the other one, small and untouched. In a tree of
   * {@link #ROOT_AND_ONE_TABLE} that takes the same table again, after its grace period.
   *
   * @return what the fault said, or FULL
   */
  Object reuse(Walker walker) {
    merge(walker, BLOCK);
    try {
      return prefetch(walker, OTHER_BLOCK.start());
    } catch (TableArenaFullException full) {
      return "FULL";
    }
  }

  /** Maps a gfn at 4K that may not be written yet. */
  void mapReadOnly(Walker walker, long gfn) {
    PageFault fault = newFault(gfn, Access.READ);
    mmu.fault(walker, fault.backedBy(gfn + pfnOffset, false, PageLevel.PG_4K));
  }

  private PageFault newFault(long gfn, Access access) {
    return new PageFault().begin(gfn, access.bit(), mmu.invalidationSequence());
  }

  int split(Walker walker, GfnRange range) {
    return (int) mmu.split(walker, range, PageLevel.PG_4K, false);
  }

  /** A split under the exclusive lock. */
  int splitAlone(Walker walker, GfnRange range) {
    return (int) mmu.split(walker, range, PageLevel.PG_4K, true);
  }

  int merge(Walker walker, GfnRange range) {
    return (int) mmu.merge(walker, range, PageLevel.PG_2M, (gfn, cap) -> cap);
  }

  int zap(Walker walker, GfnRange range) {
    return (int) mmu.zap(walker, range);
  }

  int trim(Walker walker) {
    return (int) mmu.trim(walker, new GfnRange(0, mmu.gfnLimit()));
  }

  /** A store by hardware; whether an entry allowed it. */
  boolean write(Walker walker, long gfn) {
    return access(walker, gfn, Access.WRITE);
  }

  /** An access by hardware; whether an entry allowed it. */
  boolean access(Walker walker, long gfn, Access access) {
    walker.section().open();
    long leaf = mmu.access(walker, gfn, access.bit());
    walker.section().close();
    return leaf != Spte.EMPTY;
  }

  /** An access by hardware: the level of the leaf that allowed it; 0 if none did. */
  int accessLevel(Walker walker, long gfn, Access access) {
    return access(walker, gfn, access) ? walker.level() : 0;
  }

  /** Accesses some more: the level that allowed the last one; 0 if none did. */
  int accessLevelLater(Walker walker, long gfn, Access access) {
    int level = 0;
    for (int time = 0; time < TIMES; time++) {
      level = accessLevel(walker, gfn, access);
    }
    return level;
  }

  /** Walks some more: the level that the last walk found, as {@link #levelOf}. */
  int levelOfLater(Walker walker, long gfn) {
    int level = 0;
    for (int time = 0; time < TIMES; time++) {
      level = levelOf(walker, gfn);
    }
    return level;
  }

  /** Walks: the level of the leaf; 0 if none, -1 if it maps another frame than it should. */
  int levelOf(Walker walker, long gfn) {
    long entry = mmu.walk(walker, gfn);
    if (!Spte.isPresent(entry)) {
      return 0;
    }
    int level = walker.level();
    long pfn = Spte.pfnOf(entry, level, gfn, mmu.geometry());
    return pfn == gfn + pfnOffset ? level : -1;
  }

  /** Whether the leaf of a gfn is dirty. */
  boolean isDirty(Walker walker, long gfn) {
    return Spte.isDirty(entry(walker, gfn));
  }

  /** A and D of the leaf of a gfn, as two digits. */
  int flags(Walker walker, long gfn) {
    long entry = entry(walker, gfn);
    return (Spte.isAccessed(entry) ? 10 : 0) + (Spte.isDirty(entry) ? 1 : 0);
  }

  /** The leaf of a gfn, or what stands there. */
  long entry(Walker walker, long gfn) {
    walker.section().open();
    long entry = mmu.walk(walker, gfn);
    walker.section().close();
    return entry;
  }

  /** Leaves counted, as a number to read: 4K ones, and 10 for each of 2M. */
  int leaves() {
    return (int)
        (mmu.counters().sum(MmuCounter.MAPPED_4K) + 10 * mmu.counters().sum(MmuCounter.MAPPED_2M));
  }

  /** Whether some change lost a race, 1 or 0: what no order of whole operations gives. */
  int raced() {
    return mmu.counters().sum(MmuCounter.RACES_LOST) > 0 ? 1 : 0;
  }

  /** Violations found by the audit. */
  int violations() {
    return mmu.audit().size();
  }
}
