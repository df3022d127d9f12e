package dev.septum.td;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mmu.AuditRule;
import dev.septum.mmu.ChangeBatch;
import dev.septum.mmu.ExternalPageTable;
import dev.septum.mmu.MachineBuggedException;
import dev.septum.mmu.Violation;
import dev.septum.paging.GfnRange;
import dev.septum.paging.Spte;
import dev.septum.tdx.HostPages;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.TdxLeaf;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Batches that are made wrong on purpose, and what is left of one that breaks in the middle. */
@ParameterizedClass
@MethodSource("configs")
final class BrokenBatchTest {
  private static final GfnRange FOUR = new GfnRange(4, 8);

  private final TdBench bench;

  BrokenBatchTest(ModuleConfig config) {
    this.bench = new TdBench(config, false);
  }

  static List<ModuleConfig> configs() {
    return TdBench.configs();
  }

  /**
   * A driver that takes as done, of each batch, what it is told to.
   *
   * @param skips what is noted in a batch before the driver sees it
   */
  private record Careless(MirrorDriver driver, Consumer<ChangeBatch> skips)
      implements ExternalPageTable {

    @Override
    public Outcome set(long gfn, int level, long old, long now) {
      return driver.set(gfn, level, old, now);
    }

    @Override
    public Outcome setAll(ChangeBatch batch) {
      skips.accept(batch);
      return driver.setAll(batch);
    }

    @Override
    public void freeTable(long gfn, int level, int table) {
      driver.freeTable(gfn, level, table);
    }

    @Override
    public void excludeVcpus() {
      driver.excludeVcpus();
    }

    @Override
    public void admitVcpus() {
      driver.admitVcpus();
    }
  }

  private MirroredTd ofFourPages(ExternalPageTable external) {
    MirroredTd td = new MirroredTd(bench, TdBench.MAX_TABLES, external);
    bench.run();
    for (long gfn = FOUR.start(); gfn < FOUR.end(); gfn++) {
      td.map(gfn, 1);
      bench.accept(gfn, 1);
    }
    return td;
  }

  private static void assertBugged(MirroredTd td, String with) {
    assertThrows(MachineBuggedException.class, () -> td.zap(FOUR));
    assertEvidence(td, with);
  }

  private static void assertEvidence(MirroredTd td, String part) {
    String evidence = String.valueOf(td.mmu.health().evidence());
    assertTrue(evidence.contains(part), evidence);
  }

  private static void assertMapped(MirroredTd td, String wanted) {
    StringBuilder mapped = new StringBuilder();
    td.walker.section().open();
    for (long gfn = FOUR.start(); gfn < FOUR.end(); gfn++) {
      mapped.append(Spte.isPresent(td.mmu.walkMirror(td.walker, gfn)) ? 'x' : '-');
    }
    td.walker.section().close();
    assertEquals(wanted, mapped.toString());
    assertEquals(
        List.of(AuditRule.HEALTH),
        td.mmu.audit().stream().map(Violation::rule).toList(),
        "what was removed is counted, and nothing is left frozen");
  }

  @Test
  void aBatchThatIsNotTrackedIsCaught() {
    MirroredTd td = ofFourPages(new Careless(bench.driver, ChangeBatch::noteTracked));
    assertBugged(td, "TDH.MEM.PAGE.REMOVE of gpa 0x4000 at 4K: TDX_TLB_TRACKING_NOT_DONE");
    assertEquals(0, bench.life.counts().calls(TdxLeaf.MEM_TRACK));
    assertMapped(td, "xxxx");
  }

  @Test
  void aPageThatIsNotBlockedIsCaught() {
    MirroredTd td = ofFourPages(new Careless(bench.driver, ChangeBatch::noteBlocked));
    assertBugged(td, "TDH.MEM.PAGE.REMOVE of gpa 0x4000 at 4K: TDX_GPA_RANGE_NOT_BLOCKED");
    assertMapped(td, "xxxx");
  }

  @Test
  void aTrackBeforeTheLastBlockIsCaught() {
    MirroredTd td =
        ofFourPages(
            new Careless(
                bench.driver,
                batch -> {
                  bench.trackBehindItsBack();
                  bench.vcpus.kick();
                  batch.noteTracked();
                }));
    assertBugged(td, "TDX_TLB_TRACKING_NOT_DONE");
    assertMapped(td, "xxxx");
  }

  @Test
  void aBatchThatBreaksInTheMiddleHasRemovedWhatItHas() {
    MirroredTd td = ofFourPages(bench.driver);
    assertEquals(0, bench.behindItsBack(TdxLeaf.MEM_RANGE_BLOCK, 6, 1, 0));
    bench.trackBehindItsBack();
    bench.vcpus.kick();
    assertEquals(0, bench.behindItsBack(TdxLeaf.MEM_PAGE_RELOCATE, 6, 1, TdBench.MEMORY + 20));
    assertBugged(td, "the mirror has the page 0x206000");
    assertMapped(td, "--xx");
    assertEquals("FREE", bench.entry(5, 1));
    assertEquals("BLOCKED 0x207", bench.entry(7, 1));
  }

  @Test
  void aBatchThatCannotBlockOneHasRemovedNone() {
    MirroredTd td = ofFourPages(bench.driver);
    assertEquals(0, bench.behindItsBack(TdxLeaf.MEM_RANGE_BLOCK, 6, 1, 0));
    bench.trackBehindItsBack();
    bench.vcpus.kick();
    assertEquals(0, bench.behindItsBack(TdxLeaf.MEM_PAGE_REMOVE, 6, 1, 0));
    assertBugged(td, "TDH.MEM.RANGE.BLOCK of gpa 0x6000 at 4K");
    assertMapped(td, "xxxx");
    assertEquals("BLOCKED 0x205", bench.entry(5, 1));
    assertEquals("MAPPED 0x207", bench.entry(7, 1));
  }

  /** The last is named where it is about all: TRACK. */
  @ParameterizedTest
  @CsvSource({
    "MEM_RANGE_BLOCK, 2, 6, xxxx",
    "MEM_TRACK, 0, 7, xxxx",
    "MEM_PAGE_REMOVE, 2, 6, --xx"
  })
  void theEntryThatStaysBusyIsNamed(TdxLeaf leaf, long callsThatSucceed, long gfn, String left) {
    MirroredTd td = ofFourPages(bench.driver);
    bench.faults.stuck =
        called -> called == leaf && bench.life.counts().calls(leaf) >= callsThatSucceed;
    assertBugged(td, String.format("gfn 0x%x level 1: busy with every vCPU out of the guest", gfn));
    assertMapped(td, left);
  }

  @Test
  void theEntryWhoseChangeIsHalfMadeIsNamed() {
    MirroredTd td =
        ofFourPages(
            new MirrorDriver(
                bench.life, TdBench.SEPT_PAGES, new Unzeroable(TdBench.MEMORY + 6), false, false));
    assertThrows(UnsupportedOperationException.class, () -> td.zap(FOUR));
    assertEvidence(td, "gfn 0x6 level 1: half made: java.lang.UnsupportedOperationException");
    assertMapped(td, "--xx");
  }

  /** Frames of which one cannot be zeroed. */
  private record Unzeroable(long frame) implements HostPages {
    @Override
    public void zero(long pfn) {
      if (pfn == frame) {
        throw new UnsupportedOperationException();
      }
    }

    @Override
    public void copy(long fromPfn, long toPfn) {
      throw new AssertionError("nothing is copied");
    }
  }
}
