package dev.septum.jmh;

import dev.septum.mmu.FaultResult;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.sync.MmuLock;

/** How benchmarks map pages that are not mapped. */
public final class FreshPages {
  /** Frames differ from gfns, as they do in life. */
  public static final long PFN_OFFSET = 1L << 20;

  private FreshPages() {}

  /** An empty tree of four levels. */
  public static TdpMmu newTree(int maxTables, MmuLock lock) {
    return new TdpMmu(Geometry.FOUR_LEVEL, maxTables, MmuOptions.SEPTUM, lock, TlbFlusher.NONE);
  }

  /**
   * Maps a page by a write fault.
   *
   * <p>What it works with is given, as in C, not looked up behind each fence.
   *
   * @throws IllegalStateException if it is mapped already
   */
  public static void map(TdpMmu mmu, Walker walker, PageFault fault, long gfn, int level) {
    if (!tryMap(mmu, walker, fault, gfn, level)) {
      throw new IllegalStateException("gfn " + gfn + " was mapped already");
    }
  }

  /** Maps a page by a write fault, again while it is told to; false if it is mapped already. */
  public static boolean tryMap(TdpMmu mmu, Walker walker, PageFault fault, long gfn, int level) {
    FaultResult result;
    do {
      fault
          .begin(gfn, Access.WRITE.bit(), mmu.invalidationSequence())
          .backedBy(gfn + PFN_OFFSET, true, level);
      result = mmu.fault(walker, fault);
    } while (result == FaultResult.RETRY);
    return result == FaultResult.FIXED;
  }
}
