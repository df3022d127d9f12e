package dev.septum.td;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.mmu.ExternalPageTable;
import dev.septum.mmu.FaultResult;
import dev.septum.mmu.Mirroring;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.Roots;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Violation;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.sync.StampedMmuLock;
import dev.septum.tdx.ModuleConfig;
import java.util.ArrayList;
import java.util.List;

/** A {@link TdBench} under an MMU with a mirror. */
final class MirroredTd {
  final TdBench bench;
  final TdpMmu mmu;
  final Walker walker;
  final TdBuild build;

  MirroredTd(ModuleConfig config, boolean mergesInBuild) {
    this(new TdBench(config, mergesInBuild), TdBench.MAX_TABLES);
  }

  MirroredTd(TdBench bench, int maxTables) {
    this(bench, maxTables, bench.driver);
  }

  /** One whose mirror goes to something between it and the bench's driver. */
  MirroredTd(TdBench bench, int maxTables, ExternalPageTable external) {
    this.bench = bench;
    mmu =
        new TdpMmu(
            TdBench.GEOMETRY,
            maxTables,
            MmuOptions.SEPTUM,
            new StampedMmuLock(),
            TlbFlusher.NONE,
            new Mirroring(external, TdBench.SHARED_BIT));
    walker = mmu.newWalker();
    build = new TdBuild(mmu, bench.driver, bench.life, gfn -> faultOn(gfn, 2));
  }

  PageFault faultOn(long gfn, int largestLevel) {
    return new PageFault()
        .begin(gfn, Access.WRITE.bit(), mmu.invalidationSequence())
        .backedBy(TdBench.MEMORY + gfn, true, largestLevel)
        .asPrivate(false);
  }

  /** A fault of the guest, until it is settled. */
  void map(long gfn, int level) {
    FaultResult result;
    do {
      result = mmu.fault(walker, faultOn(gfn, level));
    } while (result == FaultResult.RETRY);
    assertEquals(FaultResult.FIXED, result);
  }

  void zap(GfnRange range) {
    mmu.zap(walker, range, Roots.MIRROR);
  }

  /** All that does not hold: of the MMU, of the module, of both together. */
  List<String> broken() {
    List<String> broken = new ArrayList<>();
    mmu.audit().forEach(violation -> broken.add(violation.toString()));
    bench.module.audit().forEach(violation -> broken.add(violation.toString()));
    violations().forEach(violation -> broken.add(violation.toString()));
    return broken;
  }

  List<Violation> violations() {
    return MirrorAudit.run(mmu, walker, bench.module, bench.life.td());
  }

  void tearDown() {
    bench.life.freeKey();
    mmu.close();
    bench.life.reclaim();
  }
}
