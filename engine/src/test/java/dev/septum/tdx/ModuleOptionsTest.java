package dev.septum.tdx;

import static dev.septum.tdx.TestDomain.assertStatus;
import static dev.septum.tdx.TestDomain.gpa;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What depends on an option, on time, or on how far a TD has come. */
final class ModuleOptionsTest {
  private static final long EMPTY_PAIR = 1L << 62;
  private static final ModuleConfig NEWEST = TestDomain.newest(TestDomain.SMALL);
  private static final ModuleConfig DYNAMIC = NEWEST.withDynamicPamt(true);

  private static void assertSound(TestDomain domain) {
    assertEquals(List.of(), domain.module.audit());
  }

  private static long of(long detail, int operand) {
    return SeamcallStatus.of(detail, operand);
  }

  /** A 2M page at gpa 0 that the guest has accepted, blocked and tracked. */
  private static void mapAndBlockLarge(TestDomain domain) {
    domain.addTables(0, 1);
    domain.done(TdxLeaf.MEM_PAGE_AUG, 1, 0, domain.data(0));
    domain.makeRunnable();
    domain.acceptBriefly(1, 0);
    domain.blockAndTrack(1, 0);
  }

  // Dynamic PAMT.

  @Test
  void aSmallPageNeedsThePagePairOfItsRange() {
    TestDomain domain = new TestDomain(DYNAMIC);
    domain.addTables(0, 0);
    assertStatus(
        of(SeamcallStatus.MISSING_PAMT_PAGE_PAIR, SeamcallStatus.R8),
        domain.run(TdxLeaf.MEM_PAGE_AUG, 0, 0, domain.data(0)));
    long first = domain.sparePairPage(0);
    long second = domain.sparePairPage(1);
    assertStatus(0, domain.addPair(domain.data(0), first, second));
    assertStatus(
        of(SeamcallStatus.HPA_RANGE_NOT_FREE, SeamcallStatus.RCX),
        domain.addPair(domain.data(0), domain.sparePairPage(2), domain.sparePairPage(3)));
    domain.done(TdxLeaf.MEM_PAGE_AUG, 0, 0, domain.data(0));
    assertStatus(
        of(SeamcallStatus.PAMT_PAGE_NOT_EMPTY, SeamcallStatus.RCX),
        domain.run(TdxLeaf.PHYMEM_PAMT_REMOVE, domain.data(0) | 1));
    domain.done(TdxLeaf.MEM_PAGE_REMOVE, 0, 0, 0); // in the build
    assertEquals(domain.data(0) | EMPTY_PAIR, domain.call.rcx);
    domain.done(TdxLeaf.PHYMEM_PAMT_REMOVE, domain.data(0) | 1);
    assertEquals(first, domain.call.rdx);
    assertEquals(second, domain.call.r8);
    assertStatus(
        of(SeamcallStatus.NO_PAMT_PAGE_PAIR, SeamcallStatus.RCX),
        domain.run(TdxLeaf.PHYMEM_PAMT_REMOVE, domain.data(0) | 1));
    assertSound(domain);
  }

  @Test
  void aLargePageTakesNoRangeThatHasAPagePair() {
    TestDomain domain = new TestDomain(DYNAMIC);
    domain.addTables(0, 1);
    assertStatus(
        0, domain.addPair(domain.data(0), domain.sparePairPage(0), domain.sparePairPage(1)));
    assertStatus(
        of(SeamcallStatus.PAGE_METADATA_INCORRECT, SeamcallStatus.R8),
        domain.run(TdxLeaf.MEM_PAGE_AUG, 1, 0, domain.data(0)));
  }

  @Test
  void demoteTakesAPagePairAndPromoteGivesItBack() {
    TestDomain domain = new TestDomain(DYNAMIC);
    mapAndBlockLarge(domain);
    domain.call.r12 = domain.sparePairPage(0);
    domain.call.r13 = domain.sparePairPage(0);
    assertStatus(
        of(SeamcallStatus.PAGE_NOT_FREE, SeamcallStatus.R13),
        domain.run(TdxLeaf.MEM_PAGE_DEMOTE, 1, 0, domain.table(9)));
    domain.call.r13 = domain.sparePairPage(1);
    domain.done(TdxLeaf.MEM_PAGE_DEMOTE, 1, 0, domain.table(9));
    assertSound(domain);
    domain.blockAndTrack(1, 0);
    domain.call.r12 = 0;
    domain.call.r13 = 0;
    domain.done(TdxLeaf.MEM_PAGE_PROMOTE, 1, 0, 0);
    assertEquals(domain.table(9), domain.call.rcx & ~EMPTY_PAIR);
    assertEquals(domain.sparePairPage(0), domain.call.r12);
    assertEquals(domain.sparePairPage(1), domain.call.r13);
    assertSound(domain);
  }

  @Test
  void aPagePairIsLockedWhileDemoteTakesIt() {
    AtomicLong inner = new AtomicLong(-1);
    TestDomain[] domain = new TestDomain[1];
    TdxFaults faults =
        new TdxFaults() {
          @Override
          public void window(TdxLeaf leaf) {
            if (leaf == TdxLeaf.MEM_PAGE_DEMOTE) {
              TestDomain d = domain[0];
              long block = d.sparePairPage(0) & -SeptEntry.pageBytes(1, d.geometry);
              inner.set(
                  d.module.seamcall(
                      new SeamcallRegisters(),
                      TdxLeaf.MEM_PAGE_AUG,
                      1,
                      gpa(d.pagesOf(1)),
                      d.td,
                      block));
            }
          }
        };
    domain[0] = new TestDomain(DYNAMIC, 2, faults);
    mapAndBlockLarge(domain[0]);
    domain[0].call.r12 = domain[0].sparePairPage(0);
    domain[0].call.r13 = domain[0].sparePairPage(1);
    domain[0].done(TdxLeaf.MEM_PAGE_DEMOTE, 1, 0, domain[0].table(9));
    assertStatus(of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.R8), inner.get());
    assertSound(domain[0]);
  }

  // Interrupts, and resizing without a block.

  private static TdxFaults interruptedOnce() {
    return new TdxFaults() {
      private boolean done;

      @Override
      public boolean isInterrupted(TdxLeaf leaf, int check) {
        boolean now = leaf == TdxLeaf.MEM_PAGE_DEMOTE && !done;
        done |= now;
        return now;
      }
    };
  }

  @Test
  void anInterruptedDemoteIsCalledAgainFromTheStart() {
    ModuleConfig config = NEWEST.withEnhancedDemoteInterruptibility(false);
    TestDomain domain = new TestDomain(config, 1, interruptedOnce());
    mapAndBlockLarge(domain);
    long table = domain.freshTable();
    assertStatus(
        SeamcallStatus.INTERRUPTED_RESTARTABLE, domain.run(TdxLeaf.MEM_PAGE_DEMOTE, 1, 0, table));
    assertEquals(1, domain.call.rcx);
    assertEquals(domain.td.tdr(), domain.call.rdx);
    assertSound(domain);
    domain.done(TdxLeaf.MEM_PAGE_DEMOTE, 1, 0, table);
  }

  @Test
  void anEnhancedDemoteIsNotInterrupted() {
    TestDomain domain = new TestDomain(NEWEST, 1, interruptedOnce());
    mapAndBlockLarge(domain);
    domain.done(TdxLeaf.MEM_PAGE_DEMOTE, 1, 0, domain.freshTable());
  }

  @Test
  void aNonBlockingDemoteLetsTheGuestRunOn() {
    TestDomain domain = new TestDomain(NEWEST.withNonBlockingResize(true));
    domain.addTables(0, 1);
    domain.done(TdxLeaf.MEM_PAGE_AUG, 1, 0, domain.data(0));
    domain.makeRunnable();
    TdVcpu vcpu = domain.vcpus.get(0);
    domain.enter(vcpu);
    domain.accept(vcpu, 1, 0);
    domain.done(TdxLeaf.MEM_PAGE_DEMOTE, 1, 0, domain.freshTable());
    SeamcallRegisters place = new SeamcallRegisters();
    assertEquals(
        GuestOutcome.RETURNED,
        domain.module.guest().access(vcpu, gpa(1), Access.WRITE.bit(), place));
    assertEquals(0, domain.module.guest().walkLevel(place));
    assertSound(domain);
  }

  // A guest that gets nowhere.

  private static void touchInVain(TestDomain domain, TdVcpu vcpu, int times) {
    for (int i = 0; i < times; i++) {
      domain.enter(vcpu);
      assertTrue(vcpu.isInside());
      assertEquals(
          GuestOutcome.TD_EXIT,
          domain.module.guest().access(vcpu, 0, Access.READ.bit(), new SeamcallRegisters()));
    }
  }

  @Test
  void aVcpuThatIsSteppedIsNotEnteredUntilItCanGetOn() {
    TestDomain domain = new TestDomain(NEWEST);
    domain.addTables(0, 0);
    domain.makeRunnable();
    TdVcpu vcpu = domain.vcpus.get(0);
    touchInVain(domain, vcpu, TdVcpu.VIOLATIONS_BEFORE_STEPPING);
    assertEquals(0, vcpu.steppingSuspects());
    touchInVain(domain, vcpu, 1);
    assertEquals(1, vcpu.steppingSuspects());
    int[] words = domain.td.words();
    TryLocks.setWordVolatile(words, TrustDomain.treeLock(), 1);
    assertStatus(
        of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.SEPT_TREE),
        domain.run(TdxLeaf.VP_ENTER, vcpu.tdvpr()));
    TryLocks.setWordVolatile(words, TrustDomain.treeLock(), 0);
    domain.done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    assertFalse(vcpu.isInside(), "it would fault again");
    assertEquals(GuestLeaves.EPT_VIOLATION, vcpu.exitRax());
    assertEquals(2, vcpu.exitQualification());
    domain.poke(0, 0, SeptEntry.makeLeaf(SeptState.MAPPED, domain.data(0)));
    domain.enter(vcpu);
    assertTrue(vcpu.isInside());
    assertEquals(0, vcpu.steppingSuspects());
  }

  @Test
  void aGuestThatTheHostKeepsFromAnEntryExitsInTime() {
    AtomicLong clock = new AtomicLong();
    TestDomain domain = new TestDomain(NEWEST, 1, TdxFaults.NONE, HostPages.NONE, clock::get);
    domain.addTables(0, 0);
    domain.done(TdxLeaf.MEM_PAGE_AUG, 0, 0, domain.data(0));
    domain.makeRunnable();
    long entry = domain.entry(0, 0);
    domain.poke(0, 0, entry | SeptEntry.TDEL);
    assertStatus(
        of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.RCX),
        domain.run(TdxLeaf.MEM_RANGE_BLOCK, 0, 0, 0));
    domain.poke(0, 0, domain.entry(0, 0) & ~SeptEntry.TDEL);
    TdVcpu vcpu = domain.vcpus.get(0);
    domain.enter(vcpu);
    for (int i = 0; i < 2; i++) {
      assertEquals(GuestOutcome.RETURNED, domain.module.guest().accept(vcpu, 0));
      assertStatus(of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.RCX), vcpu.guestRax());
      clock.addAndGet(GuestLeaves.HOST_PRIORITY_TIMEOUT_NANOS / 2);
    }
    clock.addAndGet(GuestLeaves.HOST_PRIORITY_TIMEOUT_NANOS);
    assertEquals(GuestOutcome.TD_EXIT, domain.module.guest().accept(vcpu, 0));
    assertStatus(SeamcallStatus.HOST_PRIORITY_BUSY_TIMEOUT, vcpu.exitRax());
    domain.done(TdxLeaf.MEM_SEPT_RD, 0, 0, 0); // the host wins it
    domain.enter(vcpu);
    domain.accept(vcpu, 0, 0);
  }

  // The end of a TD.

  @Test
  void aTdIsTornDownStepByStep() {
    TestDomain domain = new TestDomain(NEWEST);
    domain.addTables(0, 1);
    domain.done(TdxLeaf.MEM_PAGE_AUG, 1, 0, domain.data(0));
    domain.makeRunnable();
    domain.acceptBriefly(1, 0);
    long tdr = domain.td.tdr();
    assertStatus(SeamcallStatus.FLUSHVP_NOT_DONE, domain.run(TdxLeaf.MNG_VPFLUSHDONE, tdr));
    domain.done(TdxLeaf.VP_FLUSH, domain.vcpus.get(0).tdvpr());
    domain.done(TdxLeaf.MNG_VPFLUSHDONE, tdr);
    assertStatus(SeamcallStatus.TD_KEYS_NOT_CONFIGURED, domain.run(TdxLeaf.MEM_SEPT_RD, 1, 0, 0));
    assertStatus(SeamcallStatus.WBCACHE_NOT_COMPLETE, domain.run(TdxLeaf.MNG_KEY_FREEID, tdr));
    domain.done(TdxLeaf.PHYMEM_CACHE_WB, 0);
    assertStatus(
        SeamcallStatus.LIFECYCLE_STATE_INCORRECT,
        domain.run(TdxLeaf.PHYMEM_PAGE_RECLAIM, domain.data(0)));
    domain.done(TdxLeaf.MNG_KEY_FREEID, tdr);
    assertStatus(
        SeamcallStatus.TD_ASSOCIATED_PAGES_EXIST, domain.run(TdxLeaf.PHYMEM_PAGE_RECLAIM, tdr));
    assertStatus(
        of(SeamcallStatus.OPERAND_INVALID, SeamcallStatus.RCX),
        domain.run(TdxLeaf.PHYMEM_PAGE_RECLAIM, domain.data(1))); // within the 2M page
    Pamt pamt = domain.module.pamt();
    for (long pfn = pamt.endPfn() - 1; pfn >= pamt.firstPfn(); pfn--) {
      domain.run(TdxLeaf.PHYMEM_PAGE_RECLAIM, pfn << Geometry.PAGE_SHIFT);
    }
    for (long pfn = pamt.firstPfn(); pfn < pamt.endPfn(); pfn++) {
      assertTrue(pamt.isFree(pfn));
    }
    assertEquals(List.of(), domain.module.tds());
    domain.done(TdxLeaf.PHYMEM_PAGE_WBINVD, tdr);
    assertSound(domain);
  }
}
