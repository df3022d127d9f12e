package dev.septum.vm;

import dev.septum.memory.FrameContent;
import dev.septum.memory.MemoryAttributes;
import dev.septum.mmu.Mirroring;
import dev.septum.paging.Geometry;
import dev.septum.td.MirrorDriver;
import dev.septum.td.SeptPages;
import dev.septum.td.TdLifecycle;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.OpState;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TdxModule.TdParams;

/**
 * What of a trust domain is there before its MMU: the module, the TD, the driver of its mirror, and
 * the host's frames.
 *
 * <p>The frames, from 0 on: the TD's control pages; a page for each table that the MMU may have;
 * the guest's memory, from {@link #guestPfn} to {@link #endPfn}.
 */
record TrustDomainParts(
    TrustDomainOptions options,
    int sharedBit,
    VcpuGate gate,
    FrameContent content,
    MemoryAttributes attributes,
    TdLifecycle life,
    MirrorDriver driver,
    long guestPfn,
    long endPfn) {
  static final int MOST_VCPUS = 512;

  /** Host frames for the guest's memory, if nobody says how many: 256 GiB. */
  private static final long MOST_DEFAULT_PAGES = 1L << 26;

  static TrustDomainParts make(
      Geometry geometry, int maxTables, TrustDomainOptions options, TlbShootdown shootdown) {
    long controlPfn = geometry.pages(geometry.maxLeafLevel());
    long septPfn = controlPfn + TdLifecycle.pagesFor(MOST_VCPUS);
    SeptPages tables = new SeptPages(septPfn, maxTables);
    long block = geometry.pages(geometry.maxLeafLevel());
    long guestPfn = septPfn + tables.pages() + block - 1 & -block;
    long canonical = geometry.gfnLimit() / 2;
    long pages =
        options.hostPages() > 0 ? options.hostPages() : Math.min(2 * canonical, MOST_DEFAULT_PAGES);
    ModuleConfig config =
        ModuleConfig.newest(geometry, 0, guestPfn + pages)
            .withNonBlockingResize(options.nonBlockingResize());
    VcpuGate gate = new VcpuGate(shootdown);
    FrameContent content = new FrameContent();
    TdxModule module = new TdxModule(config, content, options.moduleFaults(), System::nanoTime);
    int sharedBit = Geometry.PAGE_SHIFT + Long.numberOfTrailingZeros(canonical);
    TdParams params = new TdParams(sharedBit, options.septVeDisable(), true, OpState.INITIALIZED);
    TdLifecycle life = new TdLifecycle(module, params, controlPfn, MOST_VCPUS, gate);
    return new TrustDomainParts(
        options,
        sharedBit,
        gate,
        content,
        new MemoryAttributes(geometry),
        life,
        new MirrorDriver(life, tables, content, options.mergesInBuild(), options.tracksEach()),
        guestPfn,
        guestPfn + pages);
  }

  Mirroring mirroring() {
    return new Mirroring(driver, sharedBit);
  }
}
