package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.memory.AllocationFaults;
import dev.septum.mmu.MachineBuggedException;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.PromotionScanner;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxLock;
import dev.septum.trace.MmuCounter;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the scanner promotes, how often it tries, and how its thread lives and ends. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PromotionScannerTest {
  private static final int ENDLESS = 64;
  private static final long PATIENCE_MILLIS = 20_000;
  private static final int PAGES = TdMachine.BLOCK_PAGES;
  private static final long FIRST = TdMachine.GFN;
  private static final int BLOCKS = 4;
  private static final int RATE = 1000;
  private static final int TABLES = 1200;

  private TdMachine td = new TdMachine(TrustDomainOptions.DEFAULT, 1, BLOCKS, TABLES);

  @AfterEach
  void isSoundAndGivesEverythingBack() {
    if (!td.vm.mmu().isClosed() && td.vm.mmu().health().evidence() == null) {
      td.assertSound();
      td.closeAndCheckAllIsGivenBack();
    }
  }

  private PromotionScanner scanner(int passes) {
    return td.host().newPromotionScanner(RATE, passes);
  }

  private void acceptIn4k(int block) {
    long first = FIRST + (long) block * PAGES;
    for (long gfn = first; gfn < first + PAGES; gfn++) {
      td.acceptWhole(gfn, PageLevel.LEVEL_4K);
    }
  }

  /** The guest makes a page of an accepted block shared, and takes it back: the block is split. */
  private void convertAndBack(int block) {
    GfnRange page = GfnRange.ofPages(FIRST + (long) block * PAGES + 3, 1);
    td.host().convertToShared(page);
    td.host().convertToPrivate(page);
    td.acceptWhole(page.start(), PageLevel.LEVEL_4K);
  }

  private static PromotionScanner.Counts counts(
      long passes, long scanned, long candidates, long promoted, long refused) {
    return new PromotionScanner.Counts(passes, scanned, candidates, promoted, refused);
  }

  private long kicks() {
    return td.host().seamcalls().kicks();
  }

  // Step by step.

  @Test
  void promotesWhatIsFullAndAcceptedAndLeavesTheRest() {
    acceptIn4k(0);
    td.acceptWhole(FIRST + PAGES, PageLevel.LEVEL_2M);
    td.acceptWhole(FIRST + 2 * PAGES, PageLevel.LEVEL_4K);
    try (PromotionScanner scanner = scanner(1)) {
      assertEquals(1, scanner.scanOnce());
      assertEquals(counts(1, BLOCKS, 1, 1, 0), scanner.counts());
      assertEquals("1 of 4K, 2 of 2M", td.mapped());
      assertEquals(0, scanner.scanOnce());
      assertEquals(counts(2, 2 * BLOCKS, 1, 1, 0), scanner.counts());
      assertEquals(1, td.host().promotions());
    }
  }

  @Test
  void blocksSideBySideAreTriedTogetherAndEachIsCounted() {
    acceptIn4k(0);
    acceptIn4k(1);
    acceptIn4k(3);
    GfnRange page = GfnRange.ofPages(FIRST + PAGES + 5, 1);
    td.vm.zap(page); // touched again, it is not accepted
    assertEquals(VcpuExit.UNACCEPTED, td.vcpu().access(TdMachine.gpa(page.start()), Access.READ));
    try (PromotionScanner scanner = scanner(1)) {
      long before = kicks();
      assertEquals(2, scanner.scanOnce());
      assertEquals(counts(1, BLOCKS, 3, 2, 1), scanner.counts());
      assertEquals(2, kicks() - before, "blocks 0 and 1 together, then block 3");
    }
    td.assertSound();
  }

  @Test
  void looksAtSoManyBlocksAStepAndGoesRound() {
    acceptIn4k(3);
    try (PromotionScanner scanner = scanner(1)) {
      assertEquals(0, scanner.step(3));
      assertEquals(1, scanner.step(3), "the last block, and no further");
      assertEquals(counts(1, BLOCKS, 1, 1, 0), scanner.counts());
      assertEquals(0, scanner.step(BLOCKS));
      assertEquals(counts(1, 2 * BLOCKS, 1, 1, 0), scanner.counts());
    }
  }

  @Test
  void triesABlockOnceItWasFullInSoManyPassesInARow() {
    acceptIn4k(0);
    try (PromotionScanner scanner = scanner(3)) {
      assertEquals(0, scanner.scanOnce() + scanner.scanOnce());
      GfnRange page = GfnRange.ofPages(FIRST + 1, 1);
      td.host().convertToShared(page);
      assertEquals(0, scanner.scanOnce(), "the row is broken");
      td.host().convertToPrivate(page);
      td.acceptWhole(page.start(), PageLevel.LEVEL_4K);
      assertEquals(0, scanner.scanOnce() + scanner.scanOnce());
      assertEquals(1, scanner.scanOnce());
    }
  }

  /** The bound, and what would happen without it: the broken variant is a row of one. */
  @Test
  void aGuestThatConvertsAgainAndAgainCostsOneTryInSoManyPasses() {
    assertEquals(12, triesOfAPingPong(1, 12));
    assertEquals(3, triesOfAPingPong(4, 12));
  }

  private long triesOfAPingPong(int passes, int rounds) {
    TdMachine other = td;
    td = new TdMachine(TrustDomainOptions.DEFAULT, 1, BLOCKS, TABLES);
    td.acceptWhole(FIRST, PageLevel.LEVEL_2M);
    try (PromotionScanner scanner = scanner(passes)) {
      for (int round = 0; round < rounds; round++) {
        convertAndBack(0);
        int unused = scanner.scanOnce();
      }
      assertEquals(rounds, scanner.counts().candidates());
      return scanner.counts().promoted() + scanner.counts().refused();
    } finally {
      td.assertSound();
      td.closeAndCheckAllIsGivenBack();
      td = other;
    }
  }

  @Test
  void whatTheModuleRefusesIsTriedAgainOnlyAfterSoManyPasses() {
    for (long gfn = FIRST; gfn < FIRST + PAGES - 1; gfn++) {
      td.acceptWhole(gfn, PageLevel.LEVEL_4K);
    }
    long last = TdMachine.gpa(FIRST + PAGES - 1);
    assertEquals(VcpuExit.UNACCEPTED, td.vcpu().access(last, Access.READ));
    try (PromotionScanner scanner = scanner(2)) {
      for (int pass = 0; pass < 6; pass++) {
        assertEquals(0, scanner.scanOnce());
      }
      assertEquals(counts(6, 6 * BLOCKS, 6, 0, 3), scanner.counts());
      assertEquals(3, td.host().refusedPromotions());
      td.acceptWhole(FIRST + PAGES - 1, PageLevel.LEVEL_4K);
      assertEquals(1, scanner.scanOnce() + scanner.scanOnce());
    }
  }

  /** Each try blocks the page for a moment: that many exits, but with accesses in between. */
  @Test
  void whatTheModuleRefusesAgainAndAgainIsNoEndlessViolationToWhoUsesTheBlock() {
    for (long gfn = FIRST; gfn < FIRST + PAGES - 1; gfn++) {
      td.acceptWhole(gfn, PageLevel.LEVEL_4K);
    }
    long last = TdMachine.gpa(FIRST + PAGES - 1);
    assertEquals(VcpuExit.UNACCEPTED, td.vcpu().access(last, Access.READ));
    long before = td.vm.mmu().counters().sum(MmuCounter.FAULTS_SPURIOUS);
    AtomicBoolean over = new AtomicBoolean();
    Crew crew = new Crew();
    crew.start(
        () -> {
          try (PromotionScanner scanner = scanner(1)) {
            while (!over.get()) {
              int unused = scanner.scanOnce();
            }
          }
        });
    try {
      BooleanSupplier going = Crew.forMillis(PATIENCE_MILLIS);
      while (going.getAsBoolean() && exitsSince(before) < 3 * ENDLESS) {
        assertEquals(VcpuExit.NONE, td.vcpu().access(TdMachine.gpa(FIRST), Access.WRITE));
      }
    } finally {
      over.set(true);
      crew.join();
    }
    assertTrue(exitsSince(before) > ENDLESS, "so few that nothing was tested");
    assertEquals(
        0, td.host().anomalies().counts().get(GuestAnomalies.Kind.ENDLESS_VIOLATION).longValue());
  }

  private long exitsSince(long before) {
    return td.vm.mmu().counters().sum(MmuCounter.FAULTS_SPURIOUS) - before;
  }

  @Test
  void doesNotPromoteWhatIsNotAcceptedNorKickAnyoneForIt() {
    assertEquals(VcpuExit.UNACCEPTED, td.vcpu().access(TdMachine.gpa(FIRST), Access.READ));
    GfnRange page = GfnRange.ofPages(FIRST, 1);
    td.host().convertToShared(page);
    td.host().convertToPrivate(page);
    assertEquals(VcpuExit.UNACCEPTED, td.vcpu().access(TdMachine.gpa(FIRST), Access.READ));
    assertEquals(PAGES + " of 4K, 0 of 2M", td.mapped());
    long before = kicks();
    try (PromotionScanner scanner = scanner(1)) {
      assertEquals(0, scanner.scanOnce());
      assertEquals(counts(1, BLOCKS, 1, 0, 1), scanner.counts());
    }
    assertEquals(before, kicks());
    assertEquals(0, td.host().refusedPromotions());
  }

  @Test
  void leavesWhatIsInProgressForALaterPass() {
    acceptIn4k(0);
    try (PromotionScanner scanner = scanner(1)) {
      td.vm.mmu().beginInvalidation(GfnRange.ofPages(FIRST, 1));
      assertEquals(0, scanner.scanOnce());
      td.vm.mmu().endInvalidation();
      assertEquals(1, scanner.scanOnce());
    }
  }

  @Test
  void takesA1gBlockOnceAllIsAcceptedIn2m() {
    long gig = (long) PAGES * PAGES;
    TdMachine small = td;
    td =
        new TdMachine(
            TrustDomainOptions.DEFAULT,
            1,
            new GfnRange(gig - PAGES, 2 * gig + PAGES + 1),
            PageLevel.LEVEL_1G,
            TABLES);
    for (long gfn = gig - PAGES; gfn < 2 * gig; gfn += PAGES) {
      td.acceptWhole(gfn, PageLevel.LEVEL_2M);
    }
    td.host().convertToShared(GfnRange.ofPages(gig + 1, 1));
    try (PromotionScanner scanner = scanner(1)) {
      assertEquals(0, scanner.scanOnce());
      td.host().convertToPrivate(GfnRange.ofPages(gig + 1, 1));
      td.acceptWhole(gig + 1, PageLevel.LEVEL_4K);
      assertEquals(2, scanner.scanOnce(), "the block of 2M, and then that of 1G");
      assertEquals(counts(2, 2 * (PAGES + 2), 2, 2, 0), scanner.counts());
      assertEquals("0 of 4K, 1 of 2M", td.mapped());
      assertEquals(1, td.vm.mapped(PageLevel.LEVEL_1G));
    }
    small.closeAndCheckAllIsGivenBack();
  }

  @Test
  void goesOnBehindASlotThatIsGone() {
    acceptIn4k(1);
    try (PromotionScanner scanner = scanner(1)) {
      assertEquals(0, scanner.step(1));
      td.vm.deleteSlot(td.vm.slots().find(FIRST));
      assertEquals(0, scanner.scanOnce());
      assertEquals(counts(1, 1, 0, 0, 0), scanner.counts());
    }
  }

  @Test
  void wantsAPositiveRateAndAtLeastOnePass() {
    assertThrows(IllegalArgumentException.class, () -> td.host().newPromotionScanner(0, 1));
    assertThrows(IllegalArgumentException.class, () -> td.host().newPromotionScanner(1, 0));
  }

  @Test
  void isOfNoUseOnceItIsClosed() {
    PromotionScanner scanner = scanner(1);
    scanner.close();
    scanner.close();
    assertThrows(IllegalStateException.class, scanner::scanOnce);
    assertThrows(IllegalStateException.class, scanner::start);
  }

  // In a thread of its own.

  /** Whether there is a thread that scans; a daemon, or nobody could end the JVM. */
  private static boolean isRunning() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("septum-promotion") && thread.isDaemon());
  }

  @Test
  void itsThreadPromotesUntilItIsClosed() {
    acceptIn4k(0);
    PromotionScanner scanner = scanner(2);
    scanner.start();
    assertThrows(IllegalStateException.class, scanner::start);
    assertTrue(isRunning());
    Crew.await("the first", () -> scanner.counts().promoted() == 1);
    convertAndBack(0);
    Crew.await("the second", () -> scanner.counts().promoted() == 2);
    Thread.currentThread().interrupt();
    scanner.close();
    assertTrue(Thread.interrupted(), "the interrupt is still there");
    assertFalse(isRunning());
    assertEquals("0 of 4K, 1 of 2M", td.mapped());
  }

  @Test
  void itsThreadEndsWithTheMachineWhichIsNotBuggedByThat() {
    PromotionScanner scanner = scanner(1);
    scanner.start();
    Crew.await("a pass", () -> scanner.counts().passes() > 0);
    td.vm.close();
    Crew.await("the end of the thread", () -> !isRunning());
    assertNull(td.vm.mmu().health().evidence());
    scanner.close();
  }

  @Test
  void whatFailsInItsThreadBugsTheMachine() {
    TdMachine sound = td;
    TdxFaults broken =
        new TdxFaults() {
          @Override
          public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
            if (leaf == TdxLeaf.MEM_SEPT_RD) {
              throw new UnsupportedOperationException("on purpose");
            }
            return false;
          }
        };
    td =
        new TdMachine(
            TrustDomainOptions.DEFAULT.withFaults(broken, AllocationFaults.NONE), 1, 1, TABLES);
    acceptIn4k(0);
    try (PromotionScanner scanner = scanner(1)) {
      scanner.start();
      Crew.await("the evidence", () -> td.vm.mmu().health().evidence() != null);
      String evidence = String.valueOf(td.vm.mmu().health().evidence());
      assertTrue(evidence.contains("promotion scanner has failed"), evidence);
      assertTrue(evidence.contains("on purpose"), evidence);
      assertThrows(MachineBuggedException.class, scanner::scanOnce);
      assertFalse(td.vm.mmu().lock().isHeldExclusive());
    }
    sound.closeAndCheckAllIsGivenBack();
  }
}
