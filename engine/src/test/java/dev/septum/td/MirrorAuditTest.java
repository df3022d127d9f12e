package dev.septum.td;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.mmu.AuditRule;
import dev.septum.mmu.Violation;
import dev.septum.paging.GfnRange;
import dev.septum.tdx.TdxLeaf;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Every clause of the relation between a mirror and its Secure EPT, failing on an S-EPT that was
 * changed behind the mirror's back. Mapped are gfns 4 to 7 by one leaf, and gfns 8 and 9.
 */
final class MirrorAuditTest {
  private static final long FREE_TABLE = TdBench.SEPT_PAGES.pfn(60);

  private final MirroredTd td = new MirroredTd(TdBench.newest(), false);
  private final TdBench bench = td.bench;

  @BeforeEach
  void mapThree() {
    bench.run();
    td.map(4, 2);
    td.map(8, 1);
    td.map(9, 1);
    bench.accept(4, 2);
    assertEquals(List.of(), td.violations());
  }

  @AfterEach
  void theModuleItselfIsSound() {
    assertEquals(List.of(), bench.module.audit());
  }

  private void assertFound(String detail) {
    assertEquals(List.of(new Violation(AuditRule.MIRROR, detail)), td.violations());
  }

  private void call(TdxLeaf leaf, long gfn, int level, long pfn) {
    assertEquals(0, bench.behindItsBack(leaf, gfn, level, pfn));
  }

  private void consume(TdxLeaf leaf, long gfn, int level, long pfn) {
    call(TdxLeaf.MEM_RANGE_BLOCK, gfn, level, 0);
    bench.trackBehindItsBack();
    bench.vcpus.kick();
    call(leaf, gfn, level, pfn);
  }

  @Test
  void notPresentMeansFree() {
    call(TdxLeaf.MEM_PAGE_AUG, 10, 1, TdBench.MEMORY + 10);
    assertFound("gfn 0xa level 1: the mirror has nothing, the S-EPT is PENDING of pfn 0x20a");
  }

  @Test
  void notPresentMeansNoTableEither() {
    call(TdxLeaf.MEM_SEPT_ADD, 12, 2, FREE_TABLE);
    assertFound("gfn 0xc level 2: the mirror has nothing, the S-EPT is NL_MAPPED");
  }

  @Test
  void aLeafMeansThatSomethingIsMapped() {
    consume(TdxLeaf.MEM_PAGE_REMOVE, 9, 1, 0);
    assertFound("gfn 0x9 level 1: the mirror has a leaf of pfn 0x209, the S-EPT is FREE");
  }

  @Test
  void aLeafMeansTheSamePage() {
    consume(TdxLeaf.MEM_PAGE_REMOVE, 9, 1, 0);
    call(TdxLeaf.MEM_PAGE_AUG, 9, 1, TdBench.MEMORY + 10);
    assertFound(
        "gfn 0x9 level 1: the mirror has a leaf of pfn 0x209, the S-EPT is PENDING of pfn 0x20a");
  }

  @Test
  void aLeafMeansTheSameLevel() {
    consume(TdxLeaf.MEM_PAGE_DEMOTE, 4, 2, FREE_TABLE);
    assertFound("gfn 0x4 level 2: the mirror has a leaf of pfn 0x204, the S-EPT is NL_MAPPED");
  }

  @Test
  void aLeafMeansThatItIsNotBlocked() {
    call(TdxLeaf.MEM_RANGE_BLOCK, 4, 2, 0);
    call(TdxLeaf.MEM_RANGE_BLOCK, 8, 1, 0);
    assertEquals(
        List.of(
            "MIRROR: gfn 0x4 level 2: the mirror has a leaf of pfn 0x204, the S-EPT is BLOCKED of"
                + " pfn 0x204",
            "MIRROR: gfn 0x8 level 1: the mirror has a leaf of pfn 0x208, the S-EPT is"
                + " PENDING_BLOCKED of pfn 0x208"),
        td.violations().stream().map(Violation::toString).toList());
  }

  @Test
  void aTableMeansATableThatCanBeWalked() {
    call(TdxLeaf.MEM_RANGE_BLOCK, 8, 2, 0);
    assertFound("gfn 0x8 level 2: the mirror has a table, the S-EPT is NL_BLOCKED");
  }

  @Test
  void aTableMeansNoLeaf() {
    td.map(10, 1);
    td.map(11, 1);
    consume(TdxLeaf.MEM_PAGE_PROMOTE, 8, 2, 0);
    assertFound("gfn 0x8 level 2: the mirror has a table, the S-EPT is PENDING of pfn 0x208");
  }

  @Test
  void itDoesNotTellWhatIsAcceptedFromWhatIsNot() {
    bench.accept(9, 1);
    assertEquals(List.of(), td.violations());
    assertEquals("PENDING 0x208", bench.entry(8, 1));
    assertEquals("MAPPED 0x209", bench.entry(9, 1));
  }

  @Test
  void aMirrorThatIsClosedSaysNothing() {
    td.zap(new GfnRange(0, 32));
    assertEquals(List.of(), td.violations());
    td.tearDown();
    assertThrows(IllegalStateException.class, td::violations);
  }
}
