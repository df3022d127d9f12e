package dev.septum.jmh.peers;

import dev.septum.jmh.FreshPages;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.Spte;
import dev.septum.sync.BiasedMmuLock;

/** The engine. */
final class SeptumPageMap implements PageMap {
  private static final int MAX_TABLES = 1 << 20;

  final TdpMmu mmu = FreshPages.newTree(MAX_TABLES, new BiasedMmuLock());

  @Override
  public View newView() {
    return new WalkerView(mmu);
  }

  private static final class WalkerView implements View {
    private final TdpMmu mmu;
    private final Walker walker;
    private final PageFault fault = new PageFault();

    WalkerView(TdpMmu mmu) {
      this.mmu = mmu;
      this.walker = mmu.newWalker();
    }

    @Override
    public boolean fault(long gfn, int level) {
      return FreshPages.tryMap(mmu, walker, fault, gfn, level);
    }

    @Override
    public long translate(long gfn) {
      walker.section().open();
      long entry = mmu.walk(walker, gfn);
      walker.section().close();
      return Spte.isPresent(entry) ? entry : NOT_MAPPED;
    }

    /** In one read section, as a vCPU is in one while it is in the guest. */
    @Override
    public long translateAll(int[] gfns) {
      TdpMmu tree = mmu;
      Walker vcpu = walker;
      long sum = 0;
      vcpu.section().open();
      for (int gfn : gfns) {
        sum += tree.walk(vcpu, gfn);
      }
      vcpu.section().close();
      return sum;
    }

    @Override
    public long zap(long start, long pages) {
      return mmu.zap(walker, GfnRange.ofPages(start, pages));
    }

    @Override
    public void close() {
      walker.close();
    }
  }
}
