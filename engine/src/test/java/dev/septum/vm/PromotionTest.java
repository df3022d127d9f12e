package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.memory.AllocationFaults;
import dev.septum.memory.SlotLimits;
import dev.septum.mmu.MachineBuggedException;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes one large page of a trust domain, what does not, and what that leaves behind. */
final class PromotionTest {
  private static final int PAGES = TdMachine.BLOCK_PAGES;
  private static final long GIG = (long) PAGES * PAGES;
  private static final GfnRange ONE_GIG = GfnRange.ofPages(0, GIG);
  private static final int TABLES = 1200;
  private static final long STAMP = 1000;

  private TdMachine td;
  private boolean isSound = true;

  private void make(TrustDomainOptions options, GfnRange range, PageLevel backing) {
    td = new TdMachine(options, 1, range, backing, TABLES);
  }

  @AfterEach
  void isSoundAndGivesEverythingBack() {
    if (isSound) {
      td.assertSound();
      assertEquals(0, td.vcpu().staleUses());
      td.closeAndCheckAllIsGivenBack();
    }
  }

  private void acceptIn2m(GfnRange range) {
    for (long gfn = range.start(); gfn < range.end(); gfn += PAGES) {
      td.acceptWhole(gfn, PageLevel.LEVEL_2M);
    }
  }

  private void acceptIn4k(GfnRange range) {
    for (long gfn = range.start(); gfn < range.end(); gfn++) {
      td.acceptWhole(gfn, PageLevel.LEVEL_4K);
    }
  }

  private void touchUnaccepted(long gfn) {
    assertEquals(VcpuExit.UNACCEPTED, td.vcpu().access(TdMachine.gpa(gfn), Access.READ));
  }

  private void stamp(long... gfns) {
    for (long gfn : gfns) {
      assertEquals(VcpuExit.NONE, td.vcpu().store(TdMachine.gpa(gfn), STAMP + gfn));
    }
  }

  private void assertStamped(long... gfns) {
    for (long gfn : gfns) {
      assertEquals(STAMP + gfn, td.vcpu().load(TdMachine.gpa(gfn)), "gfn " + gfn);
      assertEquals(VcpuExit.NONE, td.vcpu().exit());
    }
  }

  private long promote(PageLevel largest) {
    return td.host().promote(td.memory, largest);
  }

  private void assertMapped(long small, long large, long huge) {
    assertEquals(
        small + " of 4K, " + large + " of 2M, " + huge + " of 1G",
        td.mapped() + ", " + td.vm.mapped(PageLevel.LEVEL_1G) + " of 1G");
  }

  private SlotLimits limits() {
    return td.vm.slots().find(td.memory.start()).limits();
  }

  private long calls(TdxLeaf leaf) {
    return td.host().seamcalls().calls(leaf);
  }

  /** A slot of one 1G page. */
  @Nested
  final class To1g {
    private static final long PART = 5 * PAGES + 7;

    @BeforeEach
    void makeOneGig() {
      make(TrustDomainOptions.DEFAULT, ONE_GIG, PageLevel.LEVEL_1G);
    }

    @Test
    void whatTheModuleAddsIsNeverLargerThan2m() {
      touchUnaccepted(3);
      assertMapped(0, 1, 0);
    }

    @Test
    void isMadeOf512AcceptedPagesOf2m() {
      acceptIn2m(ONE_GIG);
      stamp(0, PART, GIG - 1);
      assertEquals(0, promote(PageLevel.LEVEL_2M), "they are 2M already");
      assertEquals(1, promote(PageLevel.LEVEL_1G));
      assertMapped(0, 0, 1);
      assertStamped(0, PART, GIG - 1);
      assertEquals(1, td.host().promotions());
      long again = td.vcpu().accept(TdMachine.gpa(PAGES), PageLevel.LEVEL_2M);
      assertEquals(SeamcallStatus.of(SeamcallStatus.PAGE_ALREADY_ACCEPTED, 2), again);
      assertMapped(0, 0, 1);
    }

    @Test
    void comesBackAfterAPartWasSharedAndAcceptedAgainAndTheInhibitsAreGone() {
      acceptIn2m(ONE_GIG);
      assertEquals(1, promote(PageLevel.LEVEL_1G));
      long[] kept = {0, 5 * PAGES, PART - 1, PART + 3, 6 * PAGES, GIG - 1};
      stamp(kept);
      GfnRange part = GfnRange.ofPages(PART, 3);

      assertEquals(3, td.host().convertToShared(part));
      assertMapped(PAGES - 3, PAGES - 1, 0);
      assertEquals(0, promote(PageLevel.LEVEL_1G));
      td.host().convertToPrivate(part);
      acceptIn4k(part);
      assertStamped(kept);
      assertTrue(limits().isInhibited(PART, PageLevel.PG_2M));
      assertTrue(limits().isInhibited(PART, PageLevel.PG_1G));

      assertEquals(1, promote(PageLevel.LEVEL_2M));
      assertMapped(0, PAGES, 0);
      assertFalse(limits().isInhibited(PART, PageLevel.PG_2M));
      assertTrue(limits().isInhibited(PART, PageLevel.PG_1G));

      assertEquals(1, promote(PageLevel.LEVEL_1G));
      assertMapped(0, 0, 1);
      assertFalse(limits().isInhibited(PART, PageLevel.PG_1G));
      assertStamped(kept);
    }

    @Test
    void isMadeOfSmallPagesInOneRequest() {
      acceptIn2m(new GfnRange(2 * PAGES, GIG));
      acceptIn4k(GfnRange.ofPages(0, 2 * PAGES));
      assertEquals(3, promote(PageLevel.LEVEL_1G));
      assertMapped(0, 0, 1);
    }

    @Test
    void isNotMadeOfPagesThatNoGuestCouldAcceptThen() {
      for (long gfn = 0; gfn < GIG; gfn += PAGES) {
        touchUnaccepted(gfn);
      }
      assertEquals(0, promote(PageLevel.LEVEL_1G));
      assertEquals(0, calls(TdxLeaf.MEM_PAGE_PROMOTE));
      assertMapped(0, PAGES, 0);
    }

    @Test
    void isRefusedByTheModuleWhileOnePageIsNotAccepted() {
      acceptIn2m(new GfnRange(0, GIG - PAGES));
      touchUnaccepted(GIG - 1);
      assertEquals(0, promote(PageLevel.LEVEL_1G));
      assertEquals(1, td.host().refusedPromotions());
      assertEquals(1, calls(TdxLeaf.MEM_RANGE_UNBLOCK));
      stamp(0);
      td.acceptWhole(GIG - PAGES, PageLevel.LEVEL_2M);
      assertEquals(1, promote(PageLevel.LEVEL_1G));
      assertStamped(0);
    }

    @Test
    void needsAllOfIt() {
      acceptIn2m(new GfnRange(0, GIG - PAGES));
      assertEquals(0, promote(PageLevel.LEVEL_1G));
      acceptIn4k(new GfnRange(GIG - PAGES, GIG - 1));
      assertEquals(0, promote(PageLevel.LEVEL_1G));
      assertEquals(0, calls(TdxLeaf.MEM_RANGE_BLOCK));
    }

    @Test
    void goesAsAWhole() {
      acceptIn2m(ONE_GIG);
      assertEquals(1, promote(PageLevel.LEVEL_1G));
      assertEquals(1, td.host().convertToShared(ONE_GIG));
      assertMapped(0, 0, 0);
      assertEquals(0, calls(TdxLeaf.MEM_PAGE_DEMOTE));
    }
  }

  @Test
  void aBackingOf2mIsNeverMapped1g() {
    make(TrustDomainOptions.DEFAULT, ONE_GIG, PageLevel.LEVEL_2M);
    acceptIn2m(ONE_GIG);
    assertEquals(0, promote(PageLevel.LEVEL_1G));
    assertEquals(0, calls(TdxLeaf.MEM_RANGE_BLOCK));
  }

  /** A slot of two blocks, the first of them accepted in 4K, and what sticks out at both ends. */
  @Nested
  final class To2m {
    private static final long FIRST = TdMachine.GFN;
    private static final GfnRange BLOCK = TdMachine.BLOCK;

    @BeforeEach
    void makeTwoBlocks() {
      makeTwoBlocks(TrustDomainOptions.DEFAULT);
    }

    private void makeTwoBlocks(TrustDomainOptions options) {
      GfnRange range = new GfnRange(FIRST - 5, FIRST + 2 * PAGES + 9);
      make(options, range, PageLevel.LEVEL_2M);
      acceptIn4k(BLOCK);
      stamp(FIRST, FIRST + PAGES - 1);
    }

    private void assertStillSmall() {
      assertMapped(PAGES, 0, 0);
      assertTrue(limits().isInhibited(FIRST, PageLevel.PG_2M));
      assertStamped(FIRST, FIRST + PAGES - 1);
    }

    @Test
    void aRangeThatLacksAPageOfItPromotesNothing() {
      GfnRange[] short1 = {
        new GfnRange(BLOCK.start() + 1, BLOCK.end()), new GfnRange(BLOCK.start(), BLOCK.end() - 1)
      };
      for (GfnRange range : short1) {
        assertEquals(0, td.host().promote(range, PageLevel.LEVEL_2M));
      }
      assertStillSmall();
      assertEquals(1, td.host().promote(BLOCK, PageLevel.LEVEL_2M));
    }

    @Test
    void aBlockThatSticksOutOfItsSlotStaysSmall() {
      acceptIn4k(new GfnRange(FIRST - 5, FIRST));
      acceptIn4k(new GfnRange(FIRST + 2 * PAGES, td.memory.end()));
      assertEquals(1, promote(PageLevel.LEVEL_1G));
      assertMapped(5 + 9, 1, 0);
    }

    @Test
    void whatIsForbiddenStaysSmallAndInhibitedWithoutAskingTheModule() {
      td.vm.forbidLargePage(FIRST, PageLevel.LEVEL_2M);
      assertEquals(0, promote(PageLevel.LEVEL_2M));
      assertStillSmall();
      assertEquals(0, calls(TdxLeaf.MEM_RANGE_BLOCK));
      assertEquals(0, td.host().refusedPromotions(), "the module refused nothing");
      td.vm.permitLargePage(FIRST, PageLevel.LEVEL_2M);
      assertEquals(1, promote(PageLevel.LEVEL_2M));
    }

    @Test
    void whatIsInProgressStaysSmall() {
      td.vm.mmu().beginInvalidation(GfnRange.ofPages(FIRST + PAGES - 1, 1));
      assertEquals(0, promote(PageLevel.LEVEL_2M));
      td.vm.mmu().endInvalidation();
      assertStillSmall();
      td.vm.mmu().beginInvalidation(GfnRange.ofPages(FIRST + PAGES, 1));
      assertEquals(1, promote(PageLevel.LEVEL_2M), "what lies beside it does not matter");
      td.vm.mmu().endInvalidation();
    }

    @Test
    void whatIsBackedBySmallPagesStaysSmall() {
      td.host().punchHole(GfnRange.ofPages(FIRST + 1, 1));
      td.acceptWhole(FIRST + 1, PageLevel.LEVEL_4K);
      assertEquals(0, promote(PageLevel.LEVEL_2M));
      assertStillSmall();
    }

    @Test
    void pagesThatAreNotAcceptedBecomeOneThatIsNot() {
      GfnRange other = GfnRange.ofPages(FIRST + PAGES, PAGES);
      GfnRange page = GfnRange.ofPages(FIRST + PAGES, 1);
      touchUnaccepted(FIRST + PAGES);
      td.host().convertToShared(page);
      td.host().convertToPrivate(page);
      touchUnaccepted(FIRST + PAGES);
      assertMapped(2 * PAGES, 0, 0);
      assertEquals(1, td.host().promote(other, PageLevel.LEVEL_2M));
      td.acceptWhole(FIRST + PAGES, PageLevel.LEVEL_2M);
      assertMapped(PAGES, 1, 0);
    }

    @Test
    void pagesThatAreNotAcceptedStaySmallWhereTheGuestInhibitsLargerOnes() {
      GfnRange other = GfnRange.ofPages(FIRST + PAGES, PAGES);
      GfnRange page = GfnRange.ofPages(FIRST + PAGES, 1);
      touchUnaccepted(FIRST + PAGES);
      td.acceptWhole(FIRST + PAGES, PageLevel.LEVEL_4K);
      td.host().convertToShared(page);
      td.host().convertToPrivate(page);
      touchUnaccepted(FIRST + PAGES);
      assertMapped(2 * PAGES, 0, 0);
      assertEquals(0, td.host().promote(other, PageLevel.LEVEL_2M));
      assertMapped(2 * PAGES, 0, 0);
      assertTrue(limits().isInhibited(FIRST + PAGES, PageLevel.PG_2M));
    }

    @ParameterizedTest
    @EnumSource
    void andASmallAcceptBehindItFindsItAccepted(AcceptPolicy policy) {
      makeTwoBlocks(TrustDomainOptions.DEFAULT.withAcceptPolicy(policy));
      assertEquals(1, promote(PageLevel.LEVEL_2M));
      long again = td.vcpu().accept(TdMachine.gpa(FIRST + 1), PageLevel.LEVEL_4K);
      assertEquals(SeamcallStatus.of(SeamcallStatus.PAGE_ALREADY_ACCEPTED, 1), again);
      assertMapped(0, 1, 0);
    }

    @Test
    void anInterruptedThreadPromotesAllTheSame() {
      Thread.currentThread().interrupt();
      assertEquals(1, promote(PageLevel.LEVEL_2M));
      assertTrue(Thread.interrupted());
      assertMapped(0, 1, 0);
    }

    @Test
    void aClosedMachinePromotesNothing() {
      td.vm.close();
      assertThrows(IllegalStateException.class, () -> promote(PageLevel.LEVEL_2M));
      assertNull(td.vm.mmu().health().evidence());
      isSound = false;
    }
  }

  /** What an embedder's fault injection throws in the middle of PROMOTE. */
  private static final class Broken implements TdxFaults {
    @Override
    public void window(TdxLeaf leaf) {
      if (leaf == TdxLeaf.MEM_PAGE_PROMOTE) {
        throw new UnsupportedOperationException("on purpose");
      }
    }
  }

  @Test
  void whatIsThrownHalfWayIsThrownOnAndTheMachineIsBugged() {
    isSound = false;
    TrustDomainOptions options =
        TrustDomainOptions.DEFAULT.withFaults(new Broken(), AllocationFaults.NONE);
    td = new TdMachine(options, 1, 1, TABLES);
    acceptIn4k(TdMachine.BLOCK);
    assertThrows(UnsupportedOperationException.class, () -> promote(PageLevel.LEVEL_2M));
    String evidence = td.vm.mmu().health().evidence();
    assertNotNull(evidence);
    assertTrue(evidence.contains("on purpose"), evidence);
    assertTrue(limits().isInhibited(TdMachine.GFN, PageLevel.PG_2M), "the mark is back");
    assertFalse(td.vm.mmu().lock().isHeldExclusive());
    assertMapped(PAGES, 0, 0);
    assertThrows(MachineBuggedException.class, () -> promote(PageLevel.LEVEL_2M));
  }
}
