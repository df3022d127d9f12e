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
import dev.septum.sync.BiasedMmuLock;
import dev.septum.trace.MmuCounter;

/**
 * The smallest tree there is, 2 levels of 1 bit: four gfns, in two blocks of two. A block is mapped
 * by one large leaf (2M) or by a table of two small ones (4K).
 */
final class TinyTree {
  /** The first block. */
  static final GfnRange BLOCK = GfnRange.ofPages(0, 2);

  /** The second block. */
  static final GfnRange OTHER_BLOCK = GfnRange.ofPages(2, 2);

  private static final int MANY_TABLES = 512;
  private static final long PFN_OFFSET = 16;

  final TdpMmu mmu;

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
    mmu = new TdpMmu(new Geometry(2, 1), maxTables, options, new BiasedMmuLock(), TlbFlusher.NONE);
  }

  Walker newWalker() {
    return mmu.newWalker();
  }

  /** A fault that may be mapped as large as {@code largest}. */
  FaultResult fault(Walker walker, long gfn, Access access, int largest) {
    return mmu.fault(walker, newFault(gfn, access).backedBy(gfn + PFN_OFFSET, true, largest));
  }

  /** Maps a gfn at 4K that nobody has touched: without A and D. */
  void prefetch(Walker walker, long gfn) {
    PageFault fault = newFault(gfn, Access.READ).asPrefetch();
    mmu.fault(walker, fault.backedBy(gfn + PFN_OFFSET, true, PageLevel.PG_4K));
  }

  /** Maps a gfn at 4K that may not be written yet. */
  void mapReadOnly(Walker walker, long gfn) {
    PageFault fault = newFault(gfn, Access.READ);
    mmu.fault(walker, fault.backedBy(gfn + PFN_OFFSET, false, PageLevel.PG_4K));
  }

  private PageFault newFault(long gfn, Access access) {
    return new PageFault().begin(gfn, access.bit(), mmu.invalidationSequence());
  }

  int split(Walker walker, GfnRange range) {
    return (int) mmu.split(walker, range, PageLevel.PG_4K, false);
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

  /** Walks: the level of the leaf; 0 if none, -1 if it maps another frame than it should. */
  int levelOf(Walker walker, long gfn) {
    long entry = mmu.walk(walker, gfn);
    if (!Spte.isPresent(entry)) {
      return 0;
    }
    int level = walker.level();
    long pfn = Spte.pfnOf(entry, level, gfn, mmu.geometry());
    return pfn == gfn + PFN_OFFSET ? level : -1;
  }

  /** Whether the leaf of a gfn is dirty. */
  boolean isDirty(Walker walker, long gfn) {
    return Spte.isDirty(entry(walker, gfn));
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
