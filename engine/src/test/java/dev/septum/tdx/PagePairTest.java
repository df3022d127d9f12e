package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Geometry;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Dynamic PAMT: which pages a page pair takes. All levels have 1 bit. */
final class PagePairTest {
  private static final int PG_4K = 0;
  private static final int PG_2M = 1;
  private static final int PG_1G = 2;
  private static final String SUCCESS = "TDX_SUCCESS";

  private final TdxModule module =
      new TdxModule(ModuleConfig.newest(new Geometry(3, 1), 16, 48).withDynamicPamt(true));
  private final ModuleState state = new ModuleState(module);
  private final SeamcallRegisters call = new SeamcallRegisters();
  private final TrustDomain td;

  /** Pairs for the frames 16 to 23 and 28 to 31, at 48 to 59. */
  PagePairTest() {
    for (long range = 16; range < 24; range += 2) {
      must(add(range, 32 + range, 33 + range));
    }
    must(add(28, 56, 57));
    must(add(30, 58, 59));
    td =
        module.createTd(
            at(16), List.of(at(17), at(18), at(19), at(20)), TdxModule.TdParams.DEFAULT);
    must(run(TdxLeaf.MEM_SEPT_ADD, PG_1G, 0, 22));
  }

  private static long at(long frame) {
    return frame << Geometry.PAGE_SHIFT;
  }

  private static void must(String status) {
    assertEquals(SUCCESS, status);
  }

  private String add(long range, long first, long second) {
    call.rdx = at(first);
    call.r8 = at(second);
    return words(module.seamcall(call, TdxLeaf.PHYMEM_PAMT_ADD, at(range) | PG_2M));
  }

  private String remove(long range) {
    return words(module.seamcall(call, TdxLeaf.PHYMEM_PAMT_REMOVE, at(range) | PG_2M));
  }

  private String run(TdxLeaf leaf, int level, long gfn, long page) {
    return words(module.seamcall(call, leaf, level, at(gfn), td, at(page)));
  }

  private String demote(long table, long first, long second) {
    call.r12 = at(first);
    call.r13 = at(second);
    return run(TdxLeaf.MEM_PAGE_DEMOTE, PG_2M, 0, table);
  }

  private static String words(long status) {
    return SeamcallStatus.describe(status);
  }

  @AfterEach
  void isSoundAndNothingIsLocked() {
    assertEquals(List.of(), module.audit());
    for (long frame = 16; frame < 64; frame++) {
      for (int level = PG_4K; level <= PG_1G; level++) {
        assertEquals(0, state.pageLock(level, at(frame)) & ~2, "frame " + frame);
      }
    }
  }

  @Test
  void aPairThatFailsTakesNoPage() {
    assertEquals("TDX_PAGE_NOT_FREE|R8", add(24, 60, 60));
    assertEquals("TDX_PAGE_NOT_FREE|R8", add(24, 60, 16));
    assertEquals("TDX_PAGE_NOT_FREE|RDX", add(24, 56, 60));
    must(add(24, 60, 61));
  }

  @Test
  void aPairMayLieInItsOwnRange() {
    must(add(24, 24, 25));
    assertEquals("TDX_PAGE_METADATA_INCORRECT|R8", run(TdxLeaf.MEM_SEPT_ADD, PG_2M, 0, 24));
  }

  @Test
  void aPageOfAPairIsGivenToNobodyElse() {
    must(add(24, 28, 60));
    assertEquals("TDX_PAGE_METADATA_INCORRECT|R8", run(TdxLeaf.MEM_SEPT_ADD, PG_2M, 0, 28));
    assertEquals("TDX_PAGE_METADATA_INCORRECT|R8", run(TdxLeaf.MEM_SEPT_ADD, PG_2M, 0, 60));
    assertEquals("TDX_MISSING_PAMT_PAGE_PAIR|R8", run(TdxLeaf.MEM_SEPT_ADD, PG_2M, 0, 62));
    assertEquals("TDX_PAGE_METADATA_INCORRECT|R8", run(TdxLeaf.MEM_PAGE_AUG, PG_2M, 0, 60));
    must(remove(24));
    must(run(TdxLeaf.MEM_SEPT_ADD, PG_2M, 0, 28));
  }

  /** Of the page that is split, and the new table, the call itself has the descriptors. */
  @Test
  void aSplitPageNeedsAPairThatIsNeitherItNorItsTable() {
    must(run(TdxLeaf.MEM_PAGE_AUG, PG_2M, 0, 32));
    assertEquals("TDX_OPERAND_BUSY|R12", demote(28, 32, 60));
    assertEquals("TDX_OPERAND_BUSY|R13", demote(28, 60, 28));
    assertEquals("TDX_PAGE_NOT_FREE|R13", demote(28, 60, 60));
    must(demote(28, 30, 60));
    assertEquals("TDX_PAGE_METADATA_INCORRECT|R8", run(TdxLeaf.MEM_SEPT_ADD, PG_2M, 2, 30));
  }

  /** What decides about a range in a page of 1G is the page's descriptor. */
  @Test
  void aRangeInALargerPageTakesNoPair() {
    must(run(TdxLeaf.MEM_PAGE_AUG, PG_2M, 0, 32));
    must(run(TdxLeaf.MEM_PAGE_AUG, PG_2M, 2, 34));
    must(run(TdxLeaf.MEM_PAGE_PROMOTE, PG_1G, 0, 0));
    assertEquals("TDX_HPA_RANGE_NOT_FREE|RCX", add(34, 60, 61));
    assertEquals("TDX_NO_PAMT_PAGE_PAIR|RCX", remove(34));
  }
}
