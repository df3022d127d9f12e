package dev.septum.td;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mmu.ExternalPageTable.Outcome;
import dev.septum.paging.Geometry;
import dev.septum.paging.Spte;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.PageType;
import dev.septum.tdx.TdxLeaf;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every change of a mirror entry, at every stage of a TD's life, without an MMU. */
@ParameterizedClass
@MethodSource("configs")
final class MirrorDriverTest {
  private static final int MIDDLE = 2;
  private static final int LOWEST = 3;
  private static final int OTHER = 4;

  private final ModuleConfig config;
  private final TdBench td;

  MirrorDriverTest(ModuleConfig config) {
    this.config = config;
    this.td = new TdBench(config, true);
  }

  static List<ModuleConfig> configs() {
    return TdBench.configs();
  }

  @AfterEach
  void isSound() {
    assertEquals(List.of(), td.module.audit());
    assertFalse(td.vcpus.excluded);
  }

  private void assertCalled(String calls) {
    assertEquals(calls, td.called());
  }

  // While it runs.

  private void runWithTables() {
    td.run();
    td.addTable(0, 3, MIDDLE);
  }

  @Test
  void aTableGetsItsOwnPage() {
    runWithTables();
    td.addTable(4, 2, LOWEST);
    assertEquals("NL_MAPPED", td.entry(0, 3));
    assertEquals("NL_MAPPED", td.entry(4, 2));
    assertEquals("FREE", td.entry(0, 2));
    assertEquals(PageType.EPT, td.pageType(TdBench.SEPT_PAGES.pfn(MIDDLE)));
    assertEquals(PageType.EPT, td.pageType(TdBench.SEPT_PAGES.pfn(LOWEST)));
    assertCalled("{SEPT_ADD=2}");
  }

  @Test
  void aPageIsAugmentedAtItsLevel() {
    runWithTables();
    td.addTable(4, 2, LOWEST);
    td.map(5, 1);
    td.map(8, 2);
    assertEquals("PENDING 0x205", td.entry(5, 1));
    assertEquals("PENDING 0x208", td.entry(8, 2));
    assertCalled("{PAGE_AUG=2, SEPT_ADD=2}");
  }

  @Test
  void aPageIsRemovedWithEveryVcpuOutAndLeavesNothingBehind() {
    runWithTables();
    td.map(4, 2);
    td.accept(4, 2);
    td.set(4, 2, TdBench.leaf(4, 2), Spte.EMPTY);
    assertEquals("FREE", td.entry(4, 2));
    assertEquals(PageType.NDA, td.pageType(TdBench.MEMORY + 4));
    assertCalled("{PAGE_AUG=1, PAGE_REMOVE=1, PAGE_WBINVD=4, RANGE_BLOCK=1, SEPT_ADD=1, TRACK=1}");
    assertEquals(1, td.vcpus.kicks);
    for (long gfn = 4; gfn < 8; gfn++) {
      assertEquals(0, td.content[(int) (TdBench.MEMORY + gfn)]);
    }
  }

  @Test
  void aRemovalGoesOnWhereAnotherHasStopped() {
    runWithTables();
    td.map(4, 2);
    assertEquals(0, td.behindItsBack(TdxLeaf.MEM_RANGE_BLOCK, 4, 2, 0));
    td.set(4, 2, TdBench.leaf(4, 2), Spte.EMPTY);
    assertEquals("FREE", td.entry(4, 2));
  }

  @Test
  void aVcpuOfThePreviousEpochIsKicked() {
    runWithTables();
    td.map(4, 2);
    td.trackBehindItsBack(); // the vCPU stays inside
    td.set(4, 2, TdBench.leaf(4, 2), Spte.EMPTY);
    assertEquals(2, td.life.counts().calls(TdxLeaf.MEM_TRACK));
    assertEquals(2, td.vcpus.kicks);
    td.map(4, 2);
    td.faults.lateVcpus = 2;
    td.set(4, 2, TdBench.leaf(4, 2), Spte.EMPTY);
    assertEquals(5, td.life.counts().calls(TdxLeaf.MEM_TRACK));
    assertEquals(5, td.life.counts().kicks());
  }

  /** The broken variant: a kick that nobody heeds. */
  @Test
  void withoutTheKickTheModuleRefuses() {
    runWithTables();
    td.map(4, 2);
    td.vcpus.deaf = true;
    String message = refused(4, 2, TdBench.leaf(4, 2), Spte.EMPTY);
    assertTrue(message.contains("PAGE.REMOVE of gpa 0x4000 at 2M: TDX_TLB_TRACKING_NOT_DONE"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLargePageIsDemotedAndKeepsWhatItIs(boolean accepted) {
    runWithTables();
    td.map(4, 2);
    if (accepted) {
      td.accept(4, 2);
    }
    td.set(4, 2, TdBench.leaf(4, 2), Spte.makeTable(LOWEST));
    assertEquals("NL_MAPPED", td.entry(4, 2));
    for (long gfn = 4; gfn < 8; gfn++) {
      assertEquals(
          String.format(accepted ? "MAPPED 0x20%d" : "PENDING 0x20%d", gfn), td.entry(gfn, 1));
      assertEquals(accepted ? TdBench.written(gfn) : 0, td.content[(int) (TdBench.MEMORY + gfn)]);
    }
    assertEquals(PageType.EPT, td.pageType(TdBench.SEPT_PAGES.pfn(LOWEST)));
    assertCalled(
        config.nonBlockingResize()
            ? "{PAGE_AUG=1, PAGE_DEMOTE=1, SEPT_ADD=1}"
            : "{PAGE_AUG=1, PAGE_DEMOTE=1, RANGE_BLOCK=1, SEPT_ADD=1, TRACK=1}");
    assertEquals(config.nonBlockingResize() ? 0 : 1, td.vcpus.kicks);
  }

  @Test
  void aDemoteThatIsInterruptedIsCalledAgain() {
    runWithTables();
    td.map(4, 2);
    td.faults.interrupts = 3;
    td.set(4, 2, TdBench.leaf(4, 2), Spte.makeTable(LOWEST));
    int interrupts = config.enhancedDemoteInterruptibility() ? 0 : 3;
    assertEquals(interrupts, td.life.counts().interrupted());
    assertEquals(1 + interrupts, td.life.counts().calls(TdxLeaf.MEM_PAGE_DEMOTE));
    assertEquals("NL_MAPPED", td.entry(4, 2));
  }

  private void mapFour(int accepted) {
    td.addTable(4, 2, LOWEST);
    for (long gfn = 4; gfn < 8; gfn++) {
      td.map(gfn, 1);
    }
    for (long gfn = 4; gfn < 4 + accepted; gfn++) {
      td.accept(gfn, 1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void aUniformTableIsPromotedAndGivesItsPageBack(int accepted) {
    runWithTables();
    mapFour(accepted);
    td.faults.interrupts = 2;
    td.set(4, 2, Spte.makeTable(LOWEST), TdBench.leaf(4, 2));
    assertEquals(accepted == 4 ? "MAPPED 0x204" : "PENDING 0x204", td.entry(4, 2));
    assertEquals(PageType.NDA, td.pageType(TdBench.SEPT_PAGES.pfn(LOWEST)));
    assertCalled("{PAGE_AUG=4, PAGE_PROMOTE=3, PAGE_WBINVD=1, RANGE_BLOCK=1, SEPT_ADD=2, TRACK=1}");
    assertEquals(2, td.life.counts().interrupted());
    td.addTable(8, 2, LOWEST); // the page serves again
  }

  @Test
  void aTableOfMixedPagesIsRefusedAndIsAsItWas() {
    runWithTables();
    mapFour(3);
    assertEquals(Outcome.REFUSED, td.driver.set(4, 2, Spte.makeTable(LOWEST), TdBench.leaf(4, 2)));
    assertEquals("NL_MAPPED", td.entry(4, 2));
    assertEquals("MAPPED 0x206", td.entry(6, 1));
    assertEquals("PENDING 0x207", td.entry(7, 1));
    assertEquals(1, td.life.counts().calls(TdxLeaf.MEM_RANGE_UNBLOCK));
    td.accept(7, 1);
    td.set(4, 2, Spte.makeTable(LOWEST), TdBench.leaf(4, 2));
    assertEquals("MAPPED 0x204", td.entry(4, 2));
  }

  // What it cannot do.

  private String refused(long gfn, int level, long old, long now) {
    return assertThrows(IllegalStateException.class, () -> td.driver.set(gfn, level, old, now))
        .getMessage();
  }

  @Test
  void aStatusThatWasNotForeseenIsToldInWords() {
    runWithTables();
    td.map(4, 2);
    assertEquals(
        "TDH.MEM.PAGE.AUG of gpa 0x4000 at 2M: TDX_EPT_ENTRY_STATE_INCORRECT|RCX,"
            + " RCX 0x80000000002040f0, RDX 0x201",
        refused(4, 2, Spte.EMPTY, TdBench.leaf(4, 2)));
    assertEquals(
        "TDH.MEM.RANGE.BLOCK of gpa 0x8000 at 2M: TDX_EPT_ENTRY_STATE_INCORRECT|RCX,"
            + " RCX 0x8000000000000000, RDX 0x1",
        refused(8, 2, TdBench.leaf(8, 2), Spte.EMPTY));
  }

  @Test
  void anotherPageThanTheMirrorsIsABrokenHost() {
    runWithTables();
    td.map(4, 2);
    String message = refused(4, 2, TdBench.leaf(8, 2), Spte.EMPTY);
    assertTrue(message.contains("TDH.MEM.PAGE.REMOVE of gpa 0x4000 at 2M"), message);
    assertTrue(message.contains("RCX 0x204000"), message);
    assertTrue(message.endsWith("the mirror has the page 0x208000"), message);
  }

  @Test
  void anotherTableThanTheMirrorsIsABrokenHost() {
    runWithTables();
    mapFour(0);
    String message = refused(4, 2, Spte.makeTable(OTHER), TdBench.leaf(4, 2));
    assertTrue(message.startsWith("TDH.MEM.PAGE.PROMOTE of gpa 0x4000 at 2M"), message);
    assertTrue(message.endsWith("the mirror has the page 0x144000"), message);
  }

  @Test
  void aChangeThatNoTreeMakesIsRefused() {
    runWithTables();
    assertTrue(refused(4, 2, TdBench.leaf(4, 2), TdBench.leaf(8, 2)).contains("no change"));
    assertTrue(refused(4, 2, Spte.makeTable(LOWEST), Spte.EMPTY).contains("no change"));
    assertTrue(refused(4, 2, Spte.EMPTY, Spte.EMPTY).contains("no change"));
    assertTrue(refused(4, 2, Spte.EMPTY, Spte.makeTable(63)).contains("has no S-EPT page"));
    assertCalled("{SEPT_ADD=1}");
  }

  @Test
  void dynamicPamtIsNotDriven() {
    assertThrows(
        IllegalArgumentException.class, () -> new TdBench(config.withDynamicPamt(true), true));
  }

  // The build.

  private void buildFour(TdBench bench) {
    bench.addTable(0, 3, MIDDLE);
    bench.addTable(4, 2, LOWEST);
    for (long gfn = 4; gfn < 8; gfn++) {
      bench.content[(int) (TdBench.SOURCE + gfn)] = TdBench.written(gfn);
      bench.addPage(gfn);
    }
  }

  @Test
  void aPageOfTheBuildIsAddedWithItsContent() {
    buildFour(td);
    assertEquals("MAPPED 0x205", td.entry(5, 1));
    assertEquals(TdBench.written(5), td.content[(int) (TdBench.MEMORY + 5)]);
    assertCalled("{PAGE_ADD=4, SEPT_ADD=2}");
    assertTrue(refused(8, 2, Spte.EMPTY, TdBench.leaf(8, 2)).contains("in the build"));
    assertTrue(refused(8, 1, Spte.EMPTY, TdBench.leaf(8, 1)).contains("in the build"));
    td.driver.giveSource(TdBench.SOURCE);
    assertTrue(refused(8, 2, Spte.EMPTY, TdBench.leaf(8, 2)).contains("at 4K"));
  }

  @Test
  void inTheBuildPagesAreRemovedPromotedAndDemotedDirectly() {
    buildFour(td);
    td.set(4, 2, Spte.makeTable(LOWEST), TdBench.leaf(4, 2));
    assertEquals("MAPPED 0x204", td.entry(4, 2));
    td.set(4, 2, TdBench.leaf(4, 2), Spte.makeTable(OTHER));
    assertEquals("MAPPED 0x207", td.entry(7, 1));
    td.set(7, 1, TdBench.leaf(7, 1), Spte.EMPTY);
    assertEquals("FREE", td.entry(7, 1));
    assertEquals(Outcome.REFUSED, td.driver.set(4, 2, Spte.makeTable(OTHER), TdBench.leaf(4, 2)));
    assertEquals("NL_MAPPED", td.entry(4, 2));
    assertCalled(
        "{PAGE_ADD=4, PAGE_DEMOTE=1, PAGE_PROMOTE=2, PAGE_REMOVE=1, PAGE_WBINVD=2, SEPT_ADD=2}");
    assertEquals(TdBench.written(6), td.content[(int) (TdBench.MEMORY + 6)]);
    assertEquals(0, td.content[(int) (TdBench.MEMORY + 7)]);
  }

  @Test
  void unlessAllowedAMergeInTheBuildIsRefusedUnasked() {
    TdBench strict = new TdBench(config, false);
    buildFour(strict);
    assertEquals(
        Outcome.REFUSED, strict.driver.set(4, 2, Spte.makeTable(LOWEST), TdBench.leaf(4, 2)));
    assertEquals(0, strict.life.counts().calls(TdxLeaf.MEM_PAGE_PROMOTE));
    strict.run();
    strict.set(4, 2, Spte.makeTable(LOWEST), TdBench.leaf(4, 2));
    assertEquals("MAPPED 0x204", strict.entry(4, 2));
    assertEquals(List.of(), strict.module.audit());
  }

  // The end.

  private void tearDown() {
    td.life.freeKey();
    td.set(4, 2, TdBench.leaf(4, 2), Spte.EMPTY);
    td.set(9, 1, TdBench.leaf(9, 1), Spte.EMPTY);
    td.driver.freeTable(8, 1, LOWEST);
    assertEquals(List.of(), td.module.audit());
    td.driver.freeTable(0, 2, MIDDLE);
    td.life.reclaim();
  }

  private void runWithPages() {
    runWithTables();
    td.addTable(8, 2, LOWEST);
    td.map(4, 2);
    td.map(9, 1);
    td.accept(4, 2);
  }

  @Test
  void afterItsEndNothingOfTheTdIsLeft() {
    runWithPages();
    tearDown();
    assertEquals(0, td.content[(int) (TdBench.MEMORY + 7)]);
    td.assertGone();
    assertCalled(
        "{CACHE_WB=1, MNG_KEY_FREEID=1, MNG_VPFLUSHDONE=1, PAGE_AUG=2, PAGE_RECLAIM=15,"
            + " PAGE_WBINVD=1, SEPT_ADD=2, VP_FLUSH=1}");
  }

  @Test
  void aTdThatStillHasAPageDoesNotEnd() {
    runWithPages();
    td.life.freeKey();
    String message =
        assertThrows(IllegalStateException.class, () -> td.life.reclaim()).getMessage();
    assertTrue(message.contains("TDX_TD_ASSOCIATED_PAGES_EXIST"), message);
    assertEquals(1, td.module.tds().size());
  }

  @Test
  void theVcpusAreOutWhenTheKeyIsFreed() {
    runWithTables();
    td.life.createVcpu(); // one that never enters needs no flush
    assertTrue(td.vcpu.isInside());
    td.life.freeKey();
    assertFalse(td.vcpu.isInside());
    td.driver.freeTable(0, 2, MIDDLE);
    td.life.reclaim();
    td.assertGone();
  }

  @Test
  void aPageOfAnotherSizeThanTheMirrorsIsABrokenHost() {
    runWithTables();
    td.map(4, 2);
    td.life.freeKey();
    String message = refused(4, 1, TdBench.leaf(4, 1), Spte.EMPTY);
    assertTrue(message.startsWith("TDH.PHYMEM.PAGE.RECLAIM of gpa 0x4000 at 4K"), message);
  }

  @Test
  void aTableIsNotFreedWhileTheKeyIsInUse() {
    runWithTables();
    String message =
        assertThrows(IllegalStateException.class, () -> td.driver.freeTable(0, 2, MIDDLE))
            .getMessage();
    assertTrue(message.contains("TDX_LIFECYCLE_STATE_INCORRECT"), message);
    assertTrue(message.startsWith("TDH.PHYMEM.PAGE.RECLAIM of hpa 0x142000"), message);
  }

  // Locks held by others.

  private void setTwice(TdBench bench, long gfn, int level, long old, long now) {
    Outcome outcome = bench.driver.set(gfn, level, old, now);
    if (outcome == Outcome.BUSY) {
      bench.driver.excludeVcpus();
      outcome = bench.driver.set(gfn, level, old, now);
      bench.driver.admitVcpus();
    }
    assertEquals(Outcome.DONE, outcome);
  }

  /** Every change there is, each asked for once more if it was busy. */
  private void everyChange(TdBench bench) {
    setTwice(bench, 0, 3, Spte.EMPTY, Spte.makeTable(MIDDLE));
    setTwice(bench, 8, 2, Spte.EMPTY, Spte.makeTable(LOWEST));
    bench.driver.giveSource(TdBench.SOURCE);
    setTwice(bench, 9, 1, Spte.EMPTY, TdBench.leaf(9, 1));
    bench.run();
    setTwice(bench, 4, 2, Spte.EMPTY, TdBench.leaf(4, 2));
    setTwice(bench, 8, 1, Spte.EMPTY, TdBench.leaf(8, 1));
    bench.accept(4, 2);
    setTwice(bench, 4, 2, TdBench.leaf(4, 2), Spte.makeTable(OTHER));
    setTwice(bench, 4, 2, Spte.makeTable(OTHER), TdBench.leaf(4, 2));
    bench.accept(8, 1);
    setTwice(bench, 8, 1, TdBench.leaf(8, 1), Spte.EMPTY);
    assertEquals("MAPPED 0x204", bench.entry(4, 2));
    assertEquals(TdBench.written(7), bench.content[(int) (TdBench.MEMORY + 7)]);
    assertEquals(List.of(), bench.module.audit());
    setTwice(bench, 4, 2, TdBench.leaf(4, 2), Spte.EMPTY);
    bench.life.freeKey();
    setTwice(bench, 9, 1, TdBench.leaf(9, 1), Spte.EMPTY);
    bench.driver.freeTable(8, 1, LOWEST);
    bench.driver.freeTable(0, 2, MIDDLE);
    bench.life.reclaim();
  }

  @Test
  void whateverLockIsHeldOnceTheNextAttemptGoesOn() {
    everyChange(td);
    List<String> tried = List.copyOf(td.faults.tried);
    td.assertGone();
    assertTrue(tried.contains("MEM_PAGE_PROMOTE PAMT"), tried.toString());
    assertTrue(tried.contains("MEM_TRACK TD_EPOCH"), tried.toString());
    int injected = 0;
    for (int at = 0; at < tried.size(); at++) {
      if (!tried.get(at).startsWith("MR_FINALIZE") && !tried.get(at).startsWith("MEM_SEPT_RD")) {
        TdBench bench = new TdBench(config, true);
        bench.faults.busyAt = at;
        everyChange(bench);
        assertTrue(bench.faults.tried.size() > tried.size(), tried.get(at) + " was called again");
        bench.assertGone();
        injected++;
      }
    }
    assertTrue(injected > 100, "locks held: " + injected);
  }

  @Test
  void framesOfTablesAreApart() {
    assertEquals(63, TdBench.SEPT_PAGES.pages());
    assertEquals(2048 + 2, new SeptPages(0, 62 + 2).pages());
    assertEquals(0x140 + 62, TdBench.SEPT_PAGES.pfn(62));
    assertEquals(0x143L << Geometry.PAGE_SHIFT, TdBench.SEPT_PAGES.address(LOWEST));
  }
}
