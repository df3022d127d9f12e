package dev.septum.tdx;

import static dev.septum.tdx.TestDomain.gpa;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Every rule of the audit of calls, broken once or more while a call is under way: by what a fault
 * does in its midst, or between the call and the audit's second look.
 *
 * <p>Of 64 gfns are mapped: gfn 0 MAPPED and gfn 1 PENDING by 4K leaves, gfns 4 to 7 by a 2M leaf
 * that is MAPPED. The vCPU is outside.
 */
final class CallAuditTest {
  private static final int MAPPED_GFN = 0;
  private static final int PENDING_GFN = 1;
  private static final int FREE_GFN = 2;
  private static final int LARGE_GFN = 4;
  private static final int FREE_LARGE_GFN = 8;

  /** What goes wrong inside the next call. */
  private Runnable mischief = () -> {};

  private boolean busy;

  private final TestDomain domain =
      new TestDomain(
          TestDomain.v1501(TestDomain.SMALL),
          1,
          new TdxFaults() {
            @Override
            public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
              Runnable once = mischief;
              mischief = () -> {};
              once.run();
              return busy;
            }
          });
  private final TdxModule module = domain.module;
  private final TrustDomain td = domain.td;
  private final TdVcpu vcpu = domain.vcpus.get(0);
  private final SeamcallRegisters call = new SeamcallRegisters();
  private CallAudit audit = new CallAudit(module);

  @BeforeEach
  void mapPages() {
    domain.addTables(0, 0);
    domain.done(TdxLeaf.MEM_PAGE_ADD, 0, gpa(MAPPED_GFN), domain.data(MAPPED_GFN));
    domain.done(TdxLeaf.MEM_PAGE_AUG, 0, gpa(PENDING_GFN), domain.data(PENDING_GFN));
    domain.done(TdxLeaf.MEM_PAGE_AUG, 1, gpa(LARGE_GFN), domain.data(LARGE_GFN));
    domain.makeRunnable();
    domain.track();
    domain.track();
    domain.acceptBriefly(1, gpa(LARGE_GFN));
    audit = new CallAudit(module);
  }

  private long run(TdxLeaf leaf, int level, long gpa, long page) {
    prepare(leaf, level, gpa, page);
    return audit.seamcall(call);
  }

  private void prepare(TdxLeaf leaf, int level, long gpa, long page) {
    call.rax = leaf.number();
    call.rcx = gpa | level;
    call.rdx = td.tdr();
    call.r8 = page;
  }

  private void done(TdxLeaf leaf, int level, long gpa, long page) {
    TestDomain.assertStatus(0, run(leaf, level, gpa, page));
  }

  /** Of a leaf whose operand is RCX. */
  private void done(TdxLeaf leaf, long rcx) {
    done(leaf, 0, rcx, 0);
  }

  /** Makes the prepared call, and a change before the audit looks again. */
  private void runAnd(Runnable change) {
    audit.begin(call);
    long status = module.seamcall(call);
    TestDomain.assertStatus(0, status);
    change.run();
    audit.end(call, status);
  }

  private void access(long gfn) {
    assertEquals(GuestOutcome.RETURNED, audit.access(vcpu, gpa(gfn), Access.WRITE.bit()));
  }

  private void assertBroken(ModuleRule first, ModuleRule... others) {
    Set<ModuleRule> broken =
        audit.violations().stream().map(ModuleViolation::rule).collect(Collectors.toSet());
    assertEquals(EnumSet.of(first, others), broken, () -> audit.violations().toString());
  }

  @Test
  void findsNothingInALawfulLife() {
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    access(MAPPED_GFN);
    assertEquals(GuestOutcome.RETURNED, audit.accept(vcpu, gpa(PENDING_GFN)));
    access(PENDING_GFN);
    done(TdxLeaf.MEM_RANGE_BLOCK, 1, gpa(LARGE_GFN), 0);
    done(TdxLeaf.MEM_RANGE_BLOCK, 0, gpa(MAPPED_GFN), 0);
    done(TdxLeaf.MEM_TRACK, td.tdr());
    access(MAPPED_GFN); // out of its TLB
    audit.exit(vcpu, 0);
    done(TdxLeaf.MEM_PAGE_DEMOTE, 1, gpa(LARGE_GFN), domain.freshTable());
    done(TdxLeaf.MEM_PAGE_RELOCATE, 0, gpa(MAPPED_GFN), domain.data(FREE_LARGE_GFN));
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    access(MAPPED_GFN);
    assertEquals(List.of(), audit.violations());
  }

  // 9: TLBs.

  @Test
  void tlbWhenAPageIsRemovedUnderAVcpuThatUsesIt() {
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    access(MAPPED_GFN);
    done(TdxLeaf.MEM_RANGE_BLOCK, 0, gpa(MAPPED_GFN), 0);
    backdate(Pamt.PG_4K, domain.data(MAPPED_GFN));
    done(TdxLeaf.MEM_PAGE_REMOVE, 0, gpa(MAPPED_GFN), 0);
    assertBroken(ModuleRule.TLB);
  }

  @Test
  void tlbWhenAPageIsSplitUnderAVcpuThatUsesIt() {
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    access(LARGE_GFN + 1);
    done(TdxLeaf.MEM_RANGE_BLOCK, 1, gpa(LARGE_GFN), 0);
    backdate(Pamt.PG_2M, domain.data(LARGE_GFN));
    done(TdxLeaf.MEM_PAGE_DEMOTE, 1, gpa(LARGE_GFN), domain.freshTable());
    assertBroken(ModuleRule.TLB);
  }

  @Test
  void tlbWhenATableIsRemovedThatAVcpuHasWalkedThrough() {
    done(TdxLeaf.MEM_SEPT_ADD, 1, gpa(FREE_LARGE_GFN), domain.freshTable());
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    assertEquals(GuestOutcome.TD_EXIT, audit.access(vcpu, gpa(FREE_LARGE_GFN), Access.READ.bit()));
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    done(TdxLeaf.MEM_RANGE_BLOCK, 1, gpa(FREE_LARGE_GFN), 0);
    long table = SeptEntry.tableHpa(domain.entry(1, gpa(FREE_LARGE_GFN)));
    backdate(Pamt.PG_4K, table);
    done(TdxLeaf.MEM_SEPT_REMOVE, 1, gpa(FREE_LARGE_GFN), 0);
    assertBroken(ModuleRule.TLB);
  }

  @Test
  void tlbWhenAVcpuOutsideComesBackWithoutAFlush() {
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    access(MAPPED_GFN);
    audit.exit(vcpu, 0);
    done(TdxLeaf.MEM_RANGE_BLOCK, 0, gpa(MAPPED_GFN), 0);
    backdate(Pamt.PG_4K, domain.data(MAPPED_GFN)); // nobody is inside, but no epoch has begun
    done(TdxLeaf.MEM_PAGE_REMOVE, 0, gpa(MAPPED_GFN), 0);
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    access(MAPPED_GFN);
    assertEquals(2, audit.violations().size(), "the removal, and the use");
    assertBroken(ModuleRule.TLB);
  }

  /** Takes the block of a page back in time, so that the next call finds it tracked. */
  private void backdate(int level, long hpa) {
    module.pamt().setBepochVolatile(level, hpa >>> Geometry.PAGE_SHIFT, td.epochs().epoch() - 2);
  }

  // 10: tracking.

  @Test
  void trackedWhenTheEpochGoesBack() {
    done(TdxLeaf.MEM_TRACK, td.tdr());
    done(TdxLeaf.MEM_TRACK, td.tdr());
    long epoch = td.epochs().epoch();
    mischief = () -> td.epochs().restore(epoch - 1, 0, 0);
    run(TdxLeaf.MEM_SEPT_RD, 0, gpa(MAPPED_GFN), 0);
    assertBroken(ModuleRule.TRACKED, ModuleRule.EPOCHS, ModuleRule.ATOMIC);
  }

  @Test
  void trackedWhenAVcpuIsCountedInForThePastEpoch() {
    done(TdxLeaf.MEM_TRACK, td.tdr());
    long epoch = td.epochs().epoch();
    mischief = () -> td.epochs().restore(epoch, (int) epoch & 1, (int) (epoch + 1) & 1);
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    assertBroken(ModuleRule.TRACKED);
  }

  // 11 and 12: what is mapped, and accepted.

  @Test
  void flattenWhenAnotherPageIsAdded() {
    prepare(TdxLeaf.MEM_PAGE_AUG, 0, gpa(FREE_GFN), domain.data(FREE_GFN));
    audit.begin(call);
    call.r8 = domain.data(FREE_GFN + 1);
    audit.end(call, module.seamcall(call));
    assertBroken(ModuleRule.FLATTEN);
  }

  @Test
  void flattenWhenAnAcceptedPageIsAdded() {
    prepare(TdxLeaf.MEM_PAGE_AUG, 0, gpa(FREE_GFN), domain.data(FREE_GFN));
    runAnd(
        () ->
            domain.poke(
                0, gpa(FREE_GFN), SeptEntry.makeLeaf(SeptState.MAPPED, domain.data(FREE_GFN))));
    assertBroken(ModuleRule.FLATTEN, ModuleRule.ACCEPTED);
  }

  @Test
  void flattenWhenASplitTakesAPageAway() {
    blockAndTrack(LARGE_GFN);
    prepare(TdxLeaf.MEM_PAGE_DEMOTE, 1, gpa(LARGE_GFN), domain.freshTable());
    runAnd(() -> domain.poke(0, gpa(LARGE_GFN + 1), SeptEntry.FREE));
    assertBroken(ModuleRule.FLATTEN, ModuleRule.ACCEPTED);
  }

  @Test
  void flattenWhenASplitLeavesAPageToBeAccepted() {
    blockAndTrack(LARGE_GFN);
    prepare(TdxLeaf.MEM_PAGE_DEMOTE, 1, gpa(LARGE_GFN), domain.freshTable());
    runAnd(
        () ->
            domain.poke(
                0,
                gpa(LARGE_GFN + 1),
                SeptEntry.makeLeaf(SeptState.PENDING, domain.data(LARGE_GFN + 1))));
    assertBroken(ModuleRule.FLATTEN, ModuleRule.ACCEPTED);
  }

  @Test
  void acceptedWhenABlockAcceptsAnother() {
    mischief = this::acceptBehindTheGuestsBack;
    done(TdxLeaf.MEM_RANGE_BLOCK, 0, gpa(MAPPED_GFN), 0);
    assertBroken(ModuleRule.ACCEPTED, ModuleRule.FLATTEN, ModuleRule.ATOMIC);
  }

  @Test
  void flattenWhenAnAcceptAcceptsNothing() {
    domain.enter(vcpu);
    audit.beginGuest(TdxLeaf.GUEST_ACCEPT, vcpu, gpa(PENDING_GFN));
    vcpu.guestRax = SeamcallStatus.SUCCESS;
    audit.endGuest(vcpu, GuestOutcome.RETURNED);
    assertBroken(ModuleRule.FLATTEN);
  }

  private void acceptBehindTheGuestsBack() {
    domain.poke(
        0, gpa(PENDING_GFN), SeptEntry.makeLeaf(SeptState.MAPPED, domain.data(PENDING_GFN)));
  }

  private void blockAndTrack(long gfn) {
    done(TdxLeaf.MEM_RANGE_BLOCK, 1, gpa(gfn), 0);
    done(TdxLeaf.MEM_TRACK, td.tdr());
  }

  // 13: what may change.

  private void assertAFailureIsSeenToChange(Runnable change) {
    busy = true;
    mischief = change;
    long status = run(TdxLeaf.MEM_RANGE_BLOCK, 0, gpa(MAPPED_GFN), 0);
    assertEquals(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.detail(status));
    assertBroken(ModuleRule.ATOMIC);
  }

  @Test
  void atomicWhenAFailureChangesTheState() {
    assertAFailureIsSeenToChange(
        () ->
            domain.poke(
                0,
                gpa(MAPPED_GFN),
                SeptEntry.makeLeaf(SeptState.BLOCKED, domain.data(MAPPED_GFN))));
  }

  @Test
  void atomicWhenAFailureLeavesAnEntryLocked() {
    assertAFailureIsSeenToChange(
        () -> domain.poke(0, gpa(MAPPED_GFN), domain.entry(0, gpa(MAPPED_GFN)) | SeptEntry.TDEL));
  }

  @Test
  void atomicWhenAFailureChangesAPage() {
    assertAFailureIsSeenToChange(
        () ->
            module
                .pamt()
                .assignRelease(
                    Pamt.PG_4K,
                    domain.data(FREE_GFN) >>> Geometry.PAGE_SHIFT,
                    PageType.REG,
                    td.tdrPfn()));
  }

  @Test
  void atomicWhenAFailureChangesABlockEpoch() {
    assertAFailureIsSeenToChange(
        () ->
            module
                .pamt()
                .setBepochVolatile(Pamt.PG_4K, domain.data(MAPPED_GFN) >>> Geometry.PAGE_SHIFT, 7));
  }

  @Test
  void atomicWhenAFailureCounts() {
    assertAFailureIsSeenToChange(() -> td.addChildren(1));
  }

  @Test
  void atomicWhenAFailureBeginsAnEpoch() {
    assertAFailureIsSeenToChange(() -> td.epochs().advance());
  }

  @Test
  void atomicWhenAFailureLeavesTheTreeLocked() {
    assertAFailureIsSeenToChange(
        () -> TryLocks.setWordVolatile(td.words(), TrustDomain.treeLock(), 2));
  }

  @Test
  void atomicWhenASuccessChangesAnotherEntry() {
    mischief = () -> domain.poke(0, gpa(FREE_GFN), SeptEntry.makeRemoved(1));
    done(TdxLeaf.MEM_RANGE_BLOCK, 0, gpa(MAPPED_GFN), 0);
    assertBroken(ModuleRule.ATOMIC);
  }

  @Test
  void atomicWhenASuccessChangesWhatIsNotItsOwn() {
    mischief = () -> td.addChildren(1);
    done(TdxLeaf.MEM_RANGE_BLOCK, 0, gpa(MAPPED_GFN), 0);
    assertBroken(ModuleRule.ATOMIC);
  }

  @Test
  void atomicWhenAnInterruptedAcceptGoesBack() {
    domain.enter(vcpu);
    domain.done(TdxLeaf.MEM_PAGE_AUG, 1, gpa(FREE_LARGE_GFN), domain.data(FREE_LARGE_GFN));
    long entry = domain.entry(1, gpa(FREE_LARGE_GFN));
    domain.poke(1, gpa(FREE_LARGE_GFN), SeptEntry.withAcceptCounter(entry, 2, domain.geometry));
    audit.beginGuest(TdxLeaf.GUEST_ACCEPT, vcpu, gpa(FREE_LARGE_GFN) | 1);
    domain.poke(1, gpa(FREE_LARGE_GFN), SeptEntry.withAcceptCounter(entry, 1, domain.geometry));
    audit.endGuest(vcpu, GuestOutcome.NOT_ADVANCED);
    assertBroken(ModuleRule.ATOMIC);
  }

  @Test
  void aLockThatAnotherHoldsMayCountItsLoser() {
    TryLocks.setWordVolatile(td.words(), TrustDomain.treeLock(), 1);
    long status = run(TdxLeaf.MEM_SEPT_RD, 0, gpa(MAPPED_GFN), 0);
    assertEquals(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.detail(status));
    assertEquals(3, td.treeLockWord());
    assertEquals(List.of(), audit.violations());
  }

  // 14: what comes back.

  @Test
  void returnedPageWhenItIsAnother() {
    blockAndTrack(LARGE_GFN);
    prepare(TdxLeaf.MEM_PAGE_REMOVE, 1, gpa(LARGE_GFN), 0);
    runAnd(() -> call.rcx += domain.pagesOf(1) << Geometry.PAGE_SHIFT);
    assertBroken(ModuleRule.RETURNED_PAGE);
  }

  @Test
  void returnedPageWhenItIsTheMergedPageInPlaceOfTheTable() {
    blockAndTrack(LARGE_GFN);
    done(TdxLeaf.MEM_PAGE_DEMOTE, 1, gpa(LARGE_GFN), domain.freshTable());
    blockAndTrack(LARGE_GFN);
    prepare(TdxLeaf.MEM_PAGE_PROMOTE, 1, gpa(LARGE_GFN), 0);
    runAnd(() -> call.rcx = domain.data(LARGE_GFN));
    assertBroken(ModuleRule.RETURNED_PAGE);
  }

  // 15: soundness.

  @Test
  void soundWhenACallFindsTheModuleBroken() {
    domain.poke(0, gpa(MAPPED_GFN), SeptEntry.SVE | 1 << 6); // the bits of no state
    assertThrows(ModuleFatalException.class, () -> run(TdxLeaf.MEM_SEPT_RD, 0, gpa(MAPPED_GFN), 0));
    assertBroken(ModuleRule.SOUND);
  }
}
