package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.mmu.ChangeBatch;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.TdxLeaf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Private pages that are removed, or promoted, together have one TRACK and one kick. */
final class BatchedChangesTest {
  private static final long GFN = TdMachine.GFN;
  private static final int BLOCKS = 20;
  private static final int MAX_TABLES = 60;

  private final TrustDomainOptions options = TrustDomainOptions.DEFAULT;

  private static TdMachine accepted(TrustDomainOptions options) {
    TdMachine td = new TdMachine(options, 1, BLOCKS, MAX_TABLES);
    for (long gfn = GFN; gfn < td.memory.end(); gfn += TdMachine.BLOCK_PAGES) {
      td.acceptWhole(gfn, PageLevel.LEVEL_2M);
    }
    return td;
  }

  private static TdMachine split(TrustDomainOptions options) {
    TdMachine td = accepted(options);
    long unused =
        td.vm.withWalker(walker -> td.vm.mmu().splitMirror(walker, td.memory, PageLevel.PG_4K));
    return td;
  }

  /** What an operation has cost: calls of a leaf function, TRACKs, kicks. */
  private static String cost(TdMachine td, TdxLeaf leaf, Runnable operation) {
    long calls = td.host().seamcalls().calls(leaf);
    long tracks = td.host().seamcalls().calls(TdxLeaf.MEM_TRACK);
    long kicks = td.host().seamcalls().kicks();
    operation.run();
    td.assertSound();
    return String.format(
        "%d %s, %d TRACK, %d kicks",
        td.host().seamcalls().calls(leaf) - calls,
        leaf,
        td.host().seamcalls().calls(TdxLeaf.MEM_TRACK) - tracks,
        td.host().seamcalls().kicks() - kicks);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "63, 1", "64, 1", "65, 2", "1000, 16", "4096, 64"})
  void aZapOfSmallPagesTracksOncePerBatch(int pages, int batches) {
    TdMachine td = split(options);
    GfnRange range = GfnRange.ofPages(GFN, pages);
    assertEquals(
        String.format("%d MEM_PAGE_REMOVE, %d TRACK, %d kicks", pages, batches, batches),
        cost(td, TdxLeaf.MEM_PAGE_REMOVE, () -> assertEquals(pages, td.vm.zap(range))));
    assertEquals(BLOCKS * 512 - pages + " of 4K, 0 of 2M", td.mapped());
    td.closeAndCheckAllIsGivenBack();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBatchIsFullWithEightLargePages(boolean each) {
    TdMachine td = accepted(options.withTracksEach(each));
    int tracks = each ? BLOCKS : 3;
    assertEquals(
        String.format("%d MEM_PAGE_REMOVE, %d TRACK, %d kicks", BLOCKS, tracks, tracks),
        cost(td, TdxLeaf.MEM_PAGE_REMOVE, () -> assertEquals(BLOCKS, td.vm.zap(td.memory))));
    assertEquals(8 * 512, ChangeBatch.FULL_PAGES);
    td.closeAndCheckAllIsGivenBack();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void holesAndConversionsAreBatchedToo(boolean each) {
    TdMachine td = split(options.withTracksEach(each));
    GfnRange hole = GfnRange.ofPages(GFN + 100, 600);
    GfnRange shared = GfnRange.ofPages(GFN + 2048, 200);
    assertEquals(
        each
            ? "600 MEM_PAGE_REMOVE, 600 TRACK, 600 kicks"
            : "600 MEM_PAGE_REMOVE, 10 TRACK, 10 kicks",
        cost(td, TdxLeaf.MEM_PAGE_REMOVE, () -> assertEquals(600, td.host().punchHole(hole))));
    assertEquals(
        each
            ? "200 MEM_PAGE_REMOVE, 200 TRACK, 200 kicks"
            : "200 MEM_PAGE_REMOVE, 4 TRACK, 4 kicks",
        cost(
            td,
            TdxLeaf.MEM_PAGE_REMOVE,
            () -> assertEquals(200, td.host().convertToShared(shared))));
    td.closeAndCheckAllIsGivenBack();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPromotionOfARangeTracksOnceForEightBlocks(boolean each) {
    TdMachine td = split(options.withTracksEach(each));
    int tracks = each ? BLOCKS : 3;
    assertEquals(
        String.format("%d MEM_PAGE_PROMOTE, %d TRACK, %d kicks", BLOCKS, tracks, tracks),
        cost(
            td,
            TdxLeaf.MEM_PAGE_PROMOTE,
            () -> assertEquals(BLOCKS, td.host().promote(td.memory, PageLevel.LEVEL_2M))));
    td.closeAndCheckAllIsGivenBack();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2})
  void whatIsRefusedInABatchStaysAsItWasAndTheOthersAreDone(long block) {
    TdMachine td = split(options);
    long gfn = GFN + block * TdMachine.BLOCK_PAGES + 17;
    long unused = td.vm.zap(GfnRange.ofPages(gfn, 1)); // and back, unaccepted
    assertEquals(VcpuExit.UNACCEPTED, td.vcpu().access(TdMachine.gpa(gfn), Access.READ));
    GfnRange three = GfnRange.ofPages(GFN, 3 * TdMachine.BLOCK_PAGES);
    assertEquals(
        "3 MEM_PAGE_PROMOTE, 1 TRACK, 1 kicks",
        cost(
            td,
            TdxLeaf.MEM_PAGE_PROMOTE,
            () -> assertEquals(2, td.host().promote(three, PageLevel.LEVEL_2M))));
    assertEquals(1, td.host().refusedPromotions());
    assertEquals(1, td.host().seamcalls().calls(TdxLeaf.MEM_RANGE_UNBLOCK));
    td.acceptWhole(gfn, PageLevel.LEVEL_4K);
    assertEquals(1, td.host().promote(three, PageLevel.LEVEL_2M));
    td.assertSound();
    td.closeAndCheckAllIsGivenBack();
  }
}
