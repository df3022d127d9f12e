package dev.septum.tdx;

import static dev.septum.tdx.TestDomain.gpa;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Geometry;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every clause of the audit, failing on a module that breaks it. A test names the rule that it
 * breaks first, then those that cannot hold either.
 *
 * <p>Of 64 gfns, with large pages of 4 and 16, are mapped: gfn 0 MAPPED and gfn 1 PENDING by 4K
 * leaves, gfns 4 to 7 MAPPED and 8 to 11 PENDING by 2M leaves, gfns 16 to 31 PENDING by a 1G leaf.
 * Page n of the data is mapped at gfn n. One of two vCPUs is inside.
 */
final class ModuleAuditTest {
  private static final int SMALL_GFN = 0;
  private static final int SMALL_PENDING_GFN = 1;
  private static final int FREE_GFN = 2;
  private static final int LARGE_GFN = 4;
  private static final int LARGE_PENDING_GFN = 8;
  private static final int FREE_LARGE_GFN = 12;
  private static final int GIG_GFN = 16;
  private static final int FREE_GIG_GFN = 32;
  private static final long PAGE = 1L << Geometry.PAGE_SHIFT;

  private final TestDomain domain =
      new TestDomain(TestDomain.v1501(TestDomain.SMALL), 2, TdxFaults.NONE);
  private final TdxModule module = domain.module;
  private final TrustDomain td = domain.td;
  private final Pamt pamt = module.pamt();
  private final TdVcpu inside = domain.vcpus.get(0);

  @BeforeEach
  void mapPagesOfEachSize() {
    domain.addTables(0, 0);
    domain.done(TdxLeaf.MEM_PAGE_ADD, 0, gpa(SMALL_GFN), domain.data(SMALL_GFN));
    domain.done(TdxLeaf.MEM_PAGE_AUG, 0, gpa(SMALL_PENDING_GFN), domain.data(SMALL_PENDING_GFN));
    domain.done(TdxLeaf.MEM_PAGE_AUG, 1, gpa(LARGE_GFN), domain.data(LARGE_GFN));
    domain.done(TdxLeaf.MEM_PAGE_AUG, 1, gpa(LARGE_PENDING_GFN), domain.data(LARGE_PENDING_GFN));
    domain.addTables(gpa(GIG_GFN), 1);
    for (long gfn = GIG_GFN; gfn < GIG_GFN + domain.pagesOf(2); gfn += domain.pagesOf(1)) {
      domain.done(TdxLeaf.MEM_PAGE_AUG, 1, gpa(gfn), domain.data(gfn));
    }
    domain.done(TdxLeaf.MEM_PAGE_PROMOTE, 2, gpa(GIG_GFN), 0);
    domain.makeRunnable();
    domain.enter(inside);
    domain.accept(inside, 1, gpa(LARGE_GFN));
    assertEquals(List.of(), module.audit());
  }

  // 1: the tree.

  @Test
  void treeWhenALeafStandsAbove1G() {
    TestDomain tall = new TestDomain(TestDomain.v1501(new Geometry(4, 1)));
    tall.poke(3, 0, SeptEntry.makeLeaf(SeptState.MAPPED, tall.data(0)));
    assertEquals(Set.of(ModuleRule.TREE), rulesBroken(tall.module));
  }

  @Test
  void treeWhenATableStandsBelow4k() {
    domain.poke(0, gpa(FREE_GFN), SeptEntry.makeTable(SeptState.NL_MAPPED, domain.freshTable()));
    assertBroken(ModuleRule.TREE);
  }

  @Test
  void treeWhenATableHasTwoParents() {
    domain.poke(1, gpa(FREE_LARGE_GFN), domain.entry(1, 0));
    assertBroken(ModuleRule.TREE);
  }

  @Test
  void treeWhenATableIsItsOwnDescendant() {
    domain.poke(1, gpa(FREE_LARGE_GFN), domain.entry(2, 0));
    assertBroken(ModuleRule.TREE);
  }

  @Test
  void treeWhenTheRootIsItsOwnDescendant() {
    domain.poke(
        1,
        gpa(FREE_LARGE_GFN),
        SeptEntry.makeTable(SeptState.NL_MAPPED, td.rootPfn() << Geometry.PAGE_SHIFT));
    assertBroken(
        ModuleRule.TABLE_PAGE, ModuleRule.TREE, ModuleRule.MAPPED_ONCE, ModuleRule.LEAF_PAGE);
  }

  @Test
  void treeWhenATableHasNoParent() {
    long orphan = domain.freshTable() >>> Geometry.PAGE_SHIFT;
    pamt.assignRelease(Pamt.PG_4K, orphan, PageType.EPT, td.tdrPfn());
    td.addChildren(1);
    assertBroken(ModuleRule.TREE);
  }

  @Test
  void treeWhenTheRootIsNoControlPage() {
    retype(td.rootPfn(), PageType.EPT, td.tdrPfn());
    assertBroken(ModuleRule.TREE);
  }

  @Test
  void treeWhenTheRootIsAnothersControlPage() {
    retype(td.rootPfn(), PageType.TDCX, td.tdrPfn() + 1);
    assertBroken(ModuleRule.TREE, ModuleRule.CHILD_COUNT, ModuleRule.PAMT);
  }

  // 2: pages of leaves.

  @Test
  void leafPageWhenALargePageIsNotAligned() {
    domain.poke(1, gpa(LARGE_GFN), domain.entry(1, gpa(LARGE_GFN)) + PAGE);
    assertBroken(ModuleRule.LEAF_PAGE);
  }

  @Test
  void leafPageWhenAGigIsNotAligned() {
    domain.poke(2, gpa(GIG_GFN), domain.entry(2, gpa(GIG_GFN)) + domain.pagesOf(1) * PAGE);
    assertBroken(ModuleRule.LEAF_PAGE);
  }

  @Test
  void leafPageWhenItLiesInNoTdmr() {
    domain.poke(0, gpa(FREE_GFN), SeptEntry.makeLeaf(SeptState.MAPPED, PAGE));
    assertBroken(ModuleRule.LEAF_PAGE);
  }

  @Test
  void leafPageWhenItIsFree() {
    domain.poke(0, gpa(FREE_GFN), SeptEntry.makeLeaf(SeptState.MAPPED, domain.data(FREE_GFN)));
    assertBroken(ModuleRule.LEAF_PAGE);
  }

  @Test
  void leafPageWhenItIsATable() {
    retype(dataPfn(SMALL_GFN), PageType.EPT, td.tdrPfn());
    assertBroken(ModuleRule.LEAF_PAGE);
  }

  @Test
  void leafPageWhenItsOwnerIsAnother() {
    retype(dataPfn(SMALL_GFN), PageType.REG, td.tdrPfn() + 1);
    assertBroken(ModuleRule.LEAF_PAGE, ModuleRule.CHILD_COUNT, ModuleRule.PAMT);
  }

  @Test
  void leafPageWhenItIsAssignedLarger() {
    long block = dataPfn(LARGE_GFN);
    domain.poke(1, gpa(LARGE_GFN), SeptEntry.FREE);
    domain.poke(0, gpa(FREE_GFN), SeptEntry.makeLeaf(SeptState.MAPPED, domain.data(LARGE_GFN)));
    assertEquals(PageType.REG, pamt.typeAcquire(Pamt.PG_2M, block));
    assertBroken(ModuleRule.LEAF_PAGE);
  }

  @Test
  void leafPageWhenItIsDivided() {
    pamt.split(Pamt.PG_2M, dataPfn(LARGE_GFN));
    assertBroken(ModuleRule.LEAF_PAGE, ModuleRule.MAPPED_ONCE);
  }

  // 3: mapped once.

  @Test
  void mappedOnceWhenTwoGfnsHaveOnePage() {
    domain.poke(0, gpa(FREE_GFN), domain.entry(0, gpa(SMALL_GFN)));
    assertBroken(ModuleRule.MAPPED_ONCE);
  }

  @Test
  void mappedOnceWhenTwoTdsHaveOnePage() {
    long other = TestDomain.page(56);
    TrustDomain second =
        module.createTd(
            other,
            List.of(other + PAGE, other + 2 * PAGE, other + 3 * PAGE, other + 4 * PAGE),
            TdxModule.TdParams.DEFAULT);
    second.root()[0] = domain.entry(2, gpa(GIG_GFN));
    assertBroken(ModuleRule.LEAF_PAGE, ModuleRule.MAPPED_ONCE);
  }

  @Test
  void mappedOnceWhenAPageIsLost() {
    domain.poke(0, gpa(SMALL_GFN), SeptEntry.FREE);
    assertBroken(ModuleRule.MAPPED_ONCE);
  }

  // 4: pages of tables.

  @Test
  void tablePageWhenItIsFree() {
    domain.poke(2, gpa(FREE_GIG_GFN), freshTableEntry());
    assertBroken(ModuleRule.TABLE_PAGE);
  }

  @Test
  void tablePageWhenItIsMemory() {
    long pfn = SeptEntry.tableHpa(domain.entry(1, 0)) >>> Geometry.PAGE_SHIFT;
    retype(pfn, PageType.REG, td.tdrPfn());
    assertBroken(ModuleRule.TABLE_PAGE);
  }

  @Test
  void tablePageWhenItsOwnerIsAnother() {
    long pfn = SeptEntry.tableHpa(domain.entry(1, 0)) >>> Geometry.PAGE_SHIFT;
    retype(pfn, PageType.EPT, td.tdrPfn() + 1);
    assertBroken(ModuleRule.TABLE_PAGE, ModuleRule.CHILD_COUNT, ModuleRule.PAMT);
  }

  @Test
  void tablePageWhenItLiesInNoTdmr() {
    domain.poke(2, gpa(FREE_GIG_GFN), SeptEntry.makeTable(SeptState.NL_MAPPED, PAGE));
    assertBroken(ModuleRule.TABLE_PAGE);
  }

  // 5: CHLDCNT.

  @Test
  void childCountWhenItIsOneMore() {
    td.addChildren(1);
    assertBroken(ModuleRule.CHILD_COUNT);
  }

  @Test
  void childCountWhenALargePageWasCountedOnce() {
    td.addChildren(1 - domain.pagesOf(1));
    assertBroken(ModuleRule.CHILD_COUNT);
  }

  // 6: bits of entries, and locks.

  @Test
  void entryBitsWhenSuppressVeIsClear() {
    flip(0, SMALL_GFN, SeptEntry.SVE);
    assertBroken(ModuleRule.ENTRY_BITS, ModuleRule.MAPPED_ONCE);
  }

  @Test
  void entryBitsWhenSuppressVeOfAFreeEntryIsClear() {
    flip(0, FREE_GFN, SeptEntry.SVE);
    assertBroken(ModuleRule.ENTRY_BITS);
  }

  @Test
  void entryBitsWhenAMappedPageCannotBeWritten() {
    flip(0, SMALL_GFN, 2);
    assertBroken(ModuleRule.ENTRY_BITS, ModuleRule.MAPPED_ONCE);
  }

  @ParameterizedTest
  @EnumSource(
      value = SeptState.class,
      names = {"BLOCKED", "PENDING", "PENDING_BLOCKED"})
  void entryBitsWhenWhatIsNotMappedCanBeRead(SeptState state) {
    domain.poke(0, gpa(SMALL_GFN), SeptEntry.makeLeaf(state, domain.data(SMALL_GFN)) | 1);
    assertBroken(ModuleRule.ENTRY_BITS, ModuleRule.MAPPED_ONCE);
  }

  @Test
  void entryBitsWhenABlockedTableLetsWalksThrough() {
    domain.poke(2, gpa(FREE_GIG_GFN), SeptEntry.makeTable(SeptState.NL_BLOCKED, PAGE) | 7);
    assertBroken(ModuleRule.ENTRY_BITS);
  }

  @Test
  void entryBitsWhenALeafHasNoPs() {
    flip(0, SMALL_GFN, 1 << 7);
    assertBroken(ModuleRule.ENTRY_BITS, ModuleRule.MAPPED_ONCE);
  }

  @Test
  void entryBitsWhenALeafHasNoIpat() {
    flip(0, SMALL_GFN, 1 << 6);
    assertBroken(ModuleRule.ENTRY_BITS, ModuleRule.MAPPED_ONCE);
  }

  @Test
  void entryBitsWhenTheMemoryTypeIsNotWriteBack() {
    flip(0, SMALL_GFN, 1 << 3);
    assertBroken(ModuleRule.ENTRY_BITS, ModuleRule.MAPPED_ONCE);
  }

  @Test
  void entryBitsWhenAFreeEntryHasAnAddress() {
    flip(0, FREE_GFN, PAGE);
    assertBroken(ModuleRule.ENTRY_BITS);
  }

  @Test
  void entryBitsWhenARemovedEntryCanBeRead() {
    domain.poke(0, gpa(FREE_GFN), SeptEntry.makeRemoved(1) | 1);
    assertBroken(ModuleRule.ENTRY_BITS);
  }

  @Test
  void anAcceptCounterIsOfALargePendingPage() {
    long entry = domain.entry(1, gpa(LARGE_PENDING_GFN));
    domain.poke(1, gpa(LARGE_PENDING_GFN), SeptEntry.withAcceptCounter(entry, 3, domain.geometry));
    assertEquals(List.of(), module.audit());
  }

  @Test
  void entryBitsWhenAnAcceptCounterWasLeftByABlock() {
    domain.poke(
        1,
        gpa(LARGE_PENDING_GFN),
        SeptEntry.makeLeaf(SeptState.PENDING_BLOCKED, domain.data(LARGE_PENDING_GFN) + PAGE));
    assertBroken(ModuleRule.ENTRY_BITS, ModuleRule.MAPPED_ONCE);
  }

  @Test
  void aRemovedEntryAndAHostPriorityAreSound() {
    domain.poke(0, gpa(FREE_GFN), SeptEntry.makeRemoved(1));
    flip(0, SMALL_GFN, SeptEntry.TDHP);
    lock(td.words(), TrustDomain.opStateLock(), 2);
    assertEquals(List.of(), module.audit());
  }

  @Test
  void entryBitsWhenAnEntryWasLeftLocked() {
    flip(0, SMALL_GFN, SeptEntry.TDEL);
    assertBroken(ModuleRule.ENTRY_BITS, ModuleRule.MAPPED_ONCE);
  }

  @Test
  void entryBitsWhenTheTreeWasLeftLocked() {
    lock(td.words(), TrustDomain.treeLock(), 2);
    assertBroken(ModuleRule.ENTRY_BITS);
  }

  @Test
  void entryBitsWhenTheOperationStateWasLeftLocked() {
    lock(td.words(), TrustDomain.opStateLock(), 4);
    assertBroken(ModuleRule.ENTRY_BITS);
  }

  // 7: the PAMT.

  @Test
  void pamtWhenAPageIsAssignedAt4kAndAt2m() {
    pamt.assignRelease(Pamt.PG_4K, dataPfn(LARGE_GFN), PageType.REG, td.tdrPfn());
    td.addChildren(1);
    assertBroken(ModuleRule.PAMT, ModuleRule.LEAF_PAGE);
  }

  @Test
  void pamtWhenAPageIsAssignedAt2mAndAt1g() {
    pamt.assignRelease(Pamt.PG_2M, dataPfn(GIG_GFN), PageType.REG, td.tdrPfn());
    td.addChildren(domain.pagesOf(1));
    assertBroken(ModuleRule.PAMT, ModuleRule.LEAF_PAGE);
  }

  @Test
  void pamtWhenAPageBelongsToNoTd() {
    pamt.assignRelease(Pamt.PG_4K, dataPfn(FREE_GFN), PageType.REG, td.tdrPfn() + 1);
    assertBroken(ModuleRule.PAMT);
  }

  @Test
  void pamtWhenAReservedPageIsInNoPair() {
    pamt.assignRelease(Pamt.PG_4K, dataPfn(FREE_GFN), PageType.RSVD, 0);
    assertBroken(ModuleRule.PAMT);
  }

  @Test
  void pamtWhenAPageOfAPairIsNotReserved() {
    assertTrue(pamt.tryReserve(pairPfn(0)) && pamt.tryReserve(pairPfn(1)));
    pamt.addPair(dataPfn(FREE_LARGE_GFN), pairPfn(0), pairPfn(1));
    assertEquals(List.of(), module.audit());
    pamt.freeRelease(Pamt.PG_4K, pairPfn(0));
    assertBroken(ModuleRule.PAMT);
  }

  @Test
  void pamtWhenAPageIsInTwoPairs() {
    for (int i = 0; i < 3; i++) {
      assertTrue(pamt.tryReserve(pairPfn(i)));
    }
    pamt.addPair(dataPfn(FREE_LARGE_GFN), pairPfn(0), pairPfn(1));
    pamt.addPair(dataPfn(FREE_GIG_GFN), pairPfn(1), pairPfn(2));
    assertBroken(ModuleRule.PAMT);
  }

  @Test
  void pamtWhenUsedPagesAreNotCounted() {
    pamt.freeRelease(Pamt.PG_4K, dataPfn(FREE_GFN));
    assertBroken(ModuleRule.PAMT);
  }

  @Test
  void pamtWhenAPageIsUsedWithoutAPair() {
    TestDomain dynamic = new TestDomain(TestDomain.newest(TestDomain.SMALL).withDynamicPamt(true));
    assertEquals(List.of(), dynamic.module.audit());
    dynamic
        .module
        .pamt()
        .assignRelease(
            Pamt.PG_4K,
            dynamic.data(0) >>> Geometry.PAGE_SHIFT,
            PageType.TDCX,
            dynamic.td.tdrPfn());
    dynamic.td.addChildren(1);
    assertEquals(Set.of(ModuleRule.PAMT), rulesBroken(dynamic.module));
  }

  @ParameterizedTest
  @ValueSource(ints = {Pamt.PG_4K, Pamt.PG_2M, Pamt.PG_1G})
  void pamtWhenADescriptorWasLeftLocked(int level) {
    long pfn = dataPfn(FREE_GFN);
    lock(pamt.lockWords(level, pfn), pamt.lockIndex(level, pfn), 1);
    assertBroken(ModuleRule.PAMT);
  }

  @Test
  void pamtWhenAReaderWasLeft() {
    long pfn = dataPfn(FREE_GFN);
    lock(pamt.lockWords(Pamt.PG_2M, pfn), pamt.lockIndex(Pamt.PG_2M, pfn), 4);
    assertBroken(ModuleRule.PAMT);
  }

  @Test
  void pamtWhenTheVcpuInsideDoesNotHoldItsTd() {
    lock(pamt.lockWords(Pamt.PG_4K, td.tdrPfn()), pamt.lockIndex(Pamt.PG_4K, td.tdrPfn()), 0);
    assertBroken(ModuleRule.PAMT);
  }

  @Test
  void pamtWhenAVcpuOutsideHoldsItsRootPage() {
    long pfn = domain.vcpus.get(1).tdvprPfn();
    lock(pamt.lockWords(Pamt.PG_4K, pfn), pamt.lockIndex(Pamt.PG_4K, pfn), 4);
    assertBroken(ModuleRule.PAMT);
  }

  // 8: epochs.

  @Test
  void epochsWhenAPageWasBlockedInTheFuture() {
    domain.done(TdxLeaf.MEM_RANGE_BLOCK, 0, gpa(SMALL_GFN), 0);
    pamt.setBepochVolatile(Pamt.PG_4K, dataPfn(SMALL_GFN), td.epochs().epoch() + 1);
    assertBroken(ModuleRule.EPOCHS);
  }

  @Test
  void epochsWhenATableWasBlockedInTheFuture() {
    domain.done(TdxLeaf.MEM_RANGE_BLOCK, 1, 0, 0);
    long pfn = SeptEntry.tableHpa(domain.entry(1, 0)) >>> Geometry.PAGE_SHIFT;
    pamt.setBepochVolatile(Pamt.PG_4K, pfn, td.epochs().epoch() + 1);
    assertBroken(ModuleRule.EPOCHS);
  }

  @Test
  void epochsWhenAVcpuIsNotCounted() {
    td.epochs().restore(td.epochs().epoch(), 0, 0);
    assertBroken(ModuleRule.EPOCHS);
  }

  @Test
  void epochsWhenAVcpuIsCountedForTheOtherParity() {
    td.epochs().restore(td.epochs().epoch(), 1, 0);
    assertBroken(ModuleRule.EPOCHS);
  }

  @Test
  void epochsWhenAVcpuIsInsideForTooLong() {
    td.epochs().restore(td.epochs().epoch() + 2, 0, 1);
    assertBroken(ModuleRule.EPOCHS);
  }

  @Test
  void epochsWhenAVcpuEnteredInTheFuture() {
    inside.setEpoch(inside.epoch() + 2);
    assertBroken(ModuleRule.EPOCHS);
  }

  @Test
  void epochsWhenTheEpochWasLeftLocked() {
    lock(td.epochs().words(), TdEpochs.lockIndex(), 1);
    assertBroken(ModuleRule.EPOCHS);
  }

  // 15: soundness.

  @Test
  void soundWhenTheModuleHasFoundItselfBroken() {
    module.fatal("a test has broken it");
    assertBroken(ModuleRule.SOUND);
  }

  // Breaking it.

  private long dataPfn(long number) {
    return domain.data(number) >>> Geometry.PAGE_SHIFT;
  }

  private long pairPfn(int number) {
    return domain.sparePairPage(number) >>> Geometry.PAGE_SHIFT;
  }

  private long freshTableEntry() {
    long page = domain.freshTable();
    Arrays.fill(pamt.table(page >>> Geometry.PAGE_SHIFT), SeptEntry.FREE);
    return SeptEntry.makeTable(SeptState.NL_MAPPED, page);
  }

  private void flip(int level, long gfn, long bits) {
    domain.poke(level, gpa(gfn), domain.entry(level, gpa(gfn)) ^ bits);
  }

  /** Changes type and owner of a 4K page that is in use; it stays counted. */
  private void retype(long pfn, PageType type, long owner) {
    pamt.freeRelease(Pamt.PG_4K, pfn);
    pamt.assignRelease(Pamt.PG_4K, pfn, type, owner);
  }

  private static void lock(int[] words, int at, int word) {
    TryLocks.setWordVolatile(words, at, word);
  }

  private void assertBroken(ModuleRule first, ModuleRule... others) {
    assertEquals(EnumSet.of(first, others), rulesBroken(module), () -> module.audit().toString());
  }

  private static Set<ModuleRule> rulesBroken(TdxModule module) {
    return module.audit().stream().map(ModuleViolation::rule).collect(Collectors.toSet());
  }
}
