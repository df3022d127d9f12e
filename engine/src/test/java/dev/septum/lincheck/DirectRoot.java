package dev.septum.lincheck;

import dev.septum.mmu.FaultResult;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.PlainMarks;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.MmuLock;
import dev.septum.trace.MmuCounter;

/**
 * The engine's direct root on the smallest tree there is, as {@link TreeSpecification} begins: gfns
 * 0 and 1 mapped by 4K leaves that were read, 2 and 3 by nothing. One walker for each thread.
 */
class DirectRoot {
  private static final int THREADS = 4;
  private static final int MAX_TABLES = 512;
  private static final long PFN_OFFSET = 16;
  private static final GfnRange FIRST_BLOCK = GfnRange.ofPages(0, TreeSpecification.BLOCK);

  final TdpMmu mmu;
  private final Walker[] walkers = new Walker[THREADS];

  DirectRoot(MmuLock lock) {
    mmu = new TdpMmu(new Geometry(2, 1), MAX_TABLES, MmuOptions.SEPTUM, lock, TlbFlusher.NONE);
    for (int thread = 0; thread < THREADS; thread++) {
      walkers[thread] = mmu.newWalker();
    }
    fault(0, 0, Access.READ, PageLevel.PG_4K);
    fault(0, 1, Access.READ, PageLevel.PG_4K);
  }

  /** Has every thread split and merge, so that it has tables, and a batch for those that die. */
  void stock() {
    for (int thread = 0; thread < THREADS; thread++) {
      merge(thread, FIRST_BLOCK);
      split(thread, FIRST_BLOCK);
    }
  }

  /** Looks the page up and faults, until that is settled. */
  FaultResult fault(int thread, long gfn, Access access, int largest) {
    PageFault fault = new PageFault();
    FaultResult result;
    do {
      fault.begin(gfn, access.bit(), mmu.invalidationSequence());
      fault.backedBy(gfn + PFN_OFFSET, true, largest);
      result = mmu.fault(walkers[thread], fault);
    } while (result == FaultResult.RETRY);
    return result;
  }

  boolean access(int thread, long gfn, Access access) {
    Walker walker = walkers[thread];
    walker.section().open();
    long leaf = mmu.access(walker, gfn, access.bit());
    walker.section().close();
    return leaf != Spte.EMPTY;
  }

  /** A block, as {@link TreeSpecification#block} puts it; a frame that is not the gfn's shows. */
  String look(int thread, int block) {
    StringBuilder frames = new StringBuilder();
    long flags = 0;
    for (long gfn : gfns(block)) {
      int frame = translate(thread, gfn);
      if (frame >= 0) {
        frames.append(frame);
        flags |= leaf(thread, gfn);
      }
    }
    return TreeSpecification.block(frames.toString(), Spte.isAccessed(flags), Spte.isDirty(flags));
  }

  /** Loses D of a block. */
  void clean(int thread, int block) {
    for (long gfn : gfns(block)) {
      PlainMarks.clean(mmu, walkers[thread], gfn);
    }
  }

  private static long[] gfns(int block) {
    long first = (long) block * TreeSpecification.BLOCK;
    return new long[] {first, first + 1};
  }

  private long leaf(int thread, long gfn) {
    Walker walker = walkers[thread];
    walker.section().open();
    long entry = mmu.walk(walker, gfn);
    walker.section().close();
    return entry;
  }

  /** The frame of a gfn, or a negative number. */
  int translate(int thread, long gfn) {
    long entry = leaf(thread, gfn);
    int level = walkers[thread].level();
    return Spte.isLeaf(entry, level)
        ? (int) (Spte.pfnOf(entry, level, gfn, mmu.geometry()) - PFN_OFFSET)
        : -1;
  }

  int split(int thread, GfnRange range) {
    return (int) mmu.split(walkers[thread], range, PageLevel.PG_4K, false);
  }

  int merge(int thread, GfnRange range) {
    return (int) mmu.merge(walkers[thread], range, PageLevel.PG_2M, (gfn, cap) -> cap);
  }

  int zap(int thread, GfnRange range) {
    return (int) mmu.zap(walkers[thread], range);
  }

  int trim(int thread) {
    return (int) mmu.trim(walkers[thread], new GfnRange(0, mmu.gfnLimit()));
  }

  Walker walker(int thread) {
    return walkers[thread];
  }

  /** Leaves counted, of either level. */
  int leaves() {
    return (int)
        (mmu.counters().sum(MmuCounter.MAPPED_4K) + mmu.counters().sum(MmuCounter.MAPPED_2M));
  }

  void audit() {
    if (!mmu.audit().isEmpty()) {
      throw new IllegalStateException(mmu.audit().toString());
    }
  }
}
