package dev.septum.td;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mmu.FaultResult;
import dev.septum.mmu.MachineBuggedException;
import dev.septum.paging.GfnRange;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArenaFullException;
import dev.septum.tdx.HostPages;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.OpState;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule.TdParams;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** A TD from its build to its end, under an MMU whose mirror goes to a real module. */
@ParameterizedClass
@MethodSource("configs")
final class MirroredTdTest {
  private static final GfnRange IMAGE = new GfnRange(0, 4);
  private static final GfnRange LARGE = new GfnRange(4, 8);

  private final ModuleConfig config;
  private final MirroredTd td;

  MirroredTdTest(ModuleConfig config) {
    this.config = config;
    this.td = new MirroredTd(config, false);
  }

  static List<ModuleConfig> configs() {
    return TdBench.configs();
  }

  private static void assertSound(MirroredTd machine) {
    assertEquals(List.of(), machine.broken());
  }

  private static void assertWritten(MirroredTd machine, GfnRange range) {
    for (long gfn = range.start(); gfn < range.end(); gfn++) {
      assertEquals(
          TdBench.written(gfn), machine.bench.content[(int) (TdBench.MEMORY + gfn)], "gfn " + gfn);
    }
  }

  private static void addImage(MirroredTd machine) {
    for (long gfn = IMAGE.start(); gfn < IMAGE.end(); gfn++) {
      machine.bench.content[(int) (TdBench.SOURCE + gfn)] = TdBench.written(gfn);
      machine.build.add(machine.walker, gfn, TdBench.SOURCE + gfn);
    }
  }

  private static void build(MirroredTd machine) {
    addImage(machine);
    machine.build.finalizeBuild();
    machine.bench.vcpus.enter(machine.bench.vcpu);
  }

  // The build.

  @Test
  void theImageIsMappedAt4kWithItsContentThoughItsFramesAreLarge() {
    build(td);
    assertWritten(td, IMAGE);
    assertEquals("MAPPED 0x203", td.bench.entry(3, 1));
    assertEquals(4, td.bench.life.counts().calls(TdxLeaf.MEM_PAGE_ADD));
    assertEquals(OpState.RUNNABLE, td.bench.life.td().opState());
    assertSound(td);
  }

  @Test
  void aBuildThatLacksPagesIsNotFinalized() {
    td.build.premap(IMAGE);
    td.build.add(td.walker, 0, TdBench.SOURCE);
    td.build.add(td.walker, 3, TdBench.SOURCE);
    assertEquals(2, td.build.missing());
    String message =
        assertThrows(IllegalStateException.class, td.build::finalizeBuild).getMessage();
    assertEquals("2 pages of the build are missing, the first at gfn 0x1", message);
    assertEquals(OpState.INITIALIZED, td.bench.life.td().opState());
    td.build.add(td.walker, 1, TdBench.SOURCE);
    td.build.add(td.walker, 2, TdBench.SOURCE);
    td.build.finalizeBuild();
    assertThrows(IllegalStateException.class, () -> td.build.premap(LARGE));
    assertThrows(IllegalStateException.class, () -> td.build.add(td.walker, 4, TdBench.SOURCE));
    String again = assertThrows(IllegalStateException.class, td.build::finalizeBuild).getMessage();
    assertTrue(again.contains("TDX_OP_STATE_INCORRECT"), again);
    assertSound(td);
  }

  @Test
  void aPageIsAddedOnce() {
    td.build.add(td.walker, 0, TdBench.SOURCE);
    assertThrows(IllegalStateException.class, () -> td.build.add(td.walker, 0, TdBench.SOURCE));
    assertEquals(0, td.build.missing());
    assertSound(td);
  }

  @Test
  void aPageForWhichThereIsNoTableStaysMissing() {
    MirroredTd small = new MirroredTd(new TdBench(config, false), 4);
    small.build.add(small.walker, 0, TdBench.SOURCE);
    assertThrows(
        TableArenaFullException.class, () -> small.build.add(small.walker, 16, TdBench.SOURCE));
    assertEquals(1, small.build.missing());
    assertThrows(IllegalStateException.class, small.build::finalizeBuild);
    assertSound(small);
  }

  @Test
  void aTdWithoutVcpusIsNotFinalized() {
    TdBench bench = new TdBench(config, false);
    TdLifecycle other = new TdLifecycle(bench.module, TdParams.DEFAULT, 0x120, 1, VcpuKicker.NONE);
    MirrorDriver driver = new MirrorDriver(other, TdBench.SEPT_PAGES, HostPages.NONE, false, false);
    TdBuild build = new TdBuild(td.mmu, driver, other, gfn -> td.faultOn(gfn, 1));
    String message = assertThrows(IllegalStateException.class, build::finalizeBuild).getMessage();
    assertTrue(message.contains("TDX_NO_VCPUS"), message);
    other.createVcpu();
    assertThrows(IllegalStateException.class, other::createVcpu);
    build.finalizeBuild();
    assertEquals(List.of(), bench.module.audit());
  }

  @Test
  void aFaultInTheBuildThatIsNotTheBuildsIsABrokenHost() {
    assertThrows(MachineBuggedException.class, () -> td.mmu.fault(td.walker, td.faultOn(9, 1)));
    String evidence = td.mmu.health().evidence();
    assertTrue(evidence != null && evidence.contains("in the build"), evidence);
    assertEquals("FREE", td.bench.entry(9, 1));
    assertEquals(List.of(), td.violations());
  }

  // The run.

  @Test
  void aSplitPrivatePageKeepsItsContentAndAZapTakesItsOwnRangeOnly() {
    build(td);
    td.map(4, 2);
    td.bench.accept(4, 2);
    assertEquals(1, td.mmu.splitMirror(td.walker, new GfnRange(5, 6), 1));
    assertSound(td);
    assertWritten(td, LARGE);
    td.zap(new GfnRange(5, 6));
    assertSound(td);
    assertEquals("FREE", td.bench.entry(5, 1));
    assertEquals(0, td.bench.content[(int) (TdBench.MEMORY + 5)]);
    assertWritten(td, new GfnRange(6, 8));
    td.map(5, 1);
    assertEquals("PENDING 0x205", td.bench.entry(5, 1));
    assertSound(td);
  }

  @Test
  void aSharedSplitNeedsNoBlockWhereTheModuleCan() {
    build(td);
    td.map(4, 2);
    td.bench.accept(4, 2);
    int kicks = td.bench.vcpus.kicks;
    FaultResult result = td.mmu.fault(td.walker, td.faultOn(6, 2).asPrivate(true).wanting(1));
    assertEquals(FaultResult.SPURIOUS, result);
    assertEquals("MAPPED 0x206", td.bench.entry(6, 1));
    assertEquals(kicks + (config.nonBlockingResize() ? 0 : 1), td.bench.vcpus.kicks);
    assertWritten(td, LARGE);
    assertSound(td);
  }

  @Test
  void whatTheModuleDoesNotExpectBugsTheMachineWithItsWords() {
    build(td);
    td.map(4, 2);
    td.bench.vcpus.deaf = true;
    assertThrows(MachineBuggedException.class, () -> td.zap(LARGE));
    String evidence = td.mmu.health().evidence();
    assertTrue(
        evidence != null
            && evidence.startsWith(
                "TDH.MEM.PAGE.REMOVE of gpa 0x4000 at 2M: TDX_TLB_TRACKING_NOT_DONE"),
        evidence);
    td.walker.section().open();
    assertEquals(TdBench.MEMORY + 4, Spte.pfn(td.mmu.walkMirror(td.walker, 4)));
    td.walker.section().close();
  }

  // The end, and what is busy on the way.

  /** A whole life; everything is asked for until it is done, as a machine does. */
  private static void live(MirroredTd machine) {
    build(machine);
    machine.map(4, 2);
    machine.map(9, 1);
    machine.bench.accept(4, 2);
    machine.bench.accept(9, 1);
    assertEquals(1, machine.mmu.splitMirror(machine.walker, LARGE, 1));
    machine.zap(new GfnRange(5, 6));
    machine.zap(IMAGE);
    assertSound(machine);
    assertWritten(machine, new GfnRange(6, 8));
    assertWritten(machine, new GfnRange(9, 10));
    machine.map(2, 1);
    machine.map(16, 2);
    assertSound(machine);
    machine.tearDown();
  }

  @Test
  void afterItsEndNothingOfTheTdIsLeft() {
    live(td);
    td.bench.assertGone();
    assertNull(td.mmu.health().evidence());
    assertEquals(0, td.mmu.tables().live());
    assertEquals(0, td.bench.content[(int) (TdBench.MEMORY + 9)]);
  }

  @Test
  void whateverLockIsHeldOnceNothingIsLost() {
    live(td);
    List<String> tried = List.copyOf(td.bench.faults.tried);
    int excluded = 0;
    for (int at = 0; at < tried.size(); at++) {
      MirroredTd machine = new MirroredTd(config, false);
      machine.bench.faults.busyAt = at;
      live(machine);
      machine.bench.assertGone();
      assertNull(machine.mmu.health().evidence(), tried.get(at));
      excluded += machine.bench.life.counts().exclusions() > 1 ? 1 : 0;
    }
    assertTrue(tried.contains("MR_FINALIZE TDR"), tried.toString());
    assertTrue(excluded > 50, "times that the vCPUs were kept out: " + excluded);
  }

  @Test
  void interruptsAndLateVcpusOnlyCostCalls() {
    td.bench.faults.interrupts = 2;
    td.bench.faults.lateVcpus = 2;
    live(td);
    td.bench.assertGone();
    int interrupts = config.enhancedDemoteInterruptibility() ? 0 : 2;
    assertEquals(interrupts, td.bench.life.counts().interrupted());
    assertEquals(1 + interrupts, td.bench.life.counts().calls(TdxLeaf.MEM_PAGE_DEMOTE));
    assertEquals(td.bench.life.counts().calls(TdxLeaf.MEM_TRACK), td.bench.life.counts().kicks());
  }
}
