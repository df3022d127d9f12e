package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import dev.septum.trace.MmuCounter;
import dev.septum.vm.GuestAnomalies.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A trust domain as the thread on huge pages describes it: what is mapped how large, what splits
 * it, and what a guest keeps and loses.
 */
final class TrustDomainTest {
  private static final long BLOCK_BYTES = 2L << 20;
  private static final long PAGE = 4096;
  private static final long GPA = 16 * BLOCK_BYTES;
  private static final long GFN = GPA / PAGE;
  private static final GfnRange MEMORY = GfnRange.ofBytes(0, 1L << 30);
  private static final GfnRange BLOCK = GfnRange.ofPages(GFN, 512);

  private final List<VirtualMachine> machines = new ArrayList<>();
  private final List<String> told = new ArrayList<>();

  private VirtualMachine machine(TrustDomainOptions options) {
    return machine(options, PageLevel.LEVEL_2M);
  }

  private VirtualMachine machine(TrustDomainOptions options, PageLevel backing) {
    VirtualMachine vm =
        VirtualMachine.builder()
            .maxTables(4096)
            .trustDomain(
                options
                    .withHostPages(1 << 20)
                    .withListener((kind, gpa, level, count) -> told.add(kind + " " + level)))
            .build();
    machines.add(vm);
    vm.addSlot(MEMORY, backing);
    vm.trustDomain().convertToPrivate(MEMORY);
    return vm;
  }

  private VirtualMachine running(TrustDomainOptions options, int vcpus) {
    VirtualMachine vm = machine(options);
    for (int i = 0; i < vcpus; i++) {
      this.vcpus.add((TrustDomainVcpu) vm.newVcpu());
    }
    vm.trustDomain().finalizeBuild();
    return vm;
  }

  private final List<TrustDomainVcpu> vcpus = new ArrayList<>();

  @AfterEach
  void isSoundAndGivesEverythingBack() {
    for (VirtualMachine vm : machines) {
      assertEquals(List.of(), vm.audit());
      vm.close();
      assertEquals(List.of(), vm.trustDomain().module().audit());
      assertEquals(List.of(), vm.trustDomain().module().tds());
      vm.mmu().tables().reclaim();
      assertEquals(0, vm.mmu().tables().live());
      assertEquals(0, vm.mmu().tables().waiting());
    }
  }

  private static String mapped(VirtualMachine vm) {
    return vm.mapped(PageLevel.LEVEL_4K) + " of 4K, " + vm.mapped(PageLevel.LEVEL_2M) + " of 2M";
  }

  private static void assertAccepted(long status) {
    assertEquals("TDX_SUCCESS", SeamcallStatus.describe(status));
  }

  private static void assertStatus(long detail, int level, long status) {
    assertEquals(
        SeamcallStatus.describe(SeamcallStatus.of(detail, level)), SeamcallStatus.describe(status));
  }

  @Nested
  final class Build {
    @Test
    void mapsOnly4kWhateverTheBacking() {
      VirtualMachine vm = machine(TrustDomainOptions.DEFAULT);
      TrustDomainVcpu vcpu = (TrustDomainVcpu) vm.newVcpu();
      for (int i = 0; i < 512; i++) {
        vm.trustDomain().addPage(GFN + i, 100 + i);
      }
      assertEquals("512 of 4K, 0 of 2M", mapped(vm));
      assertEquals(2, vm.slots().find(GFN).guestMemfd().level(GFN));
      vm.trustDomain().finalizeBuild();
      assertEquals(100, vcpu.load(GPA));
      assertEquals(611, vcpu.load(GPA + 511 * PAGE));
    }

    @Test
    void isNotFinalizedBeforeEveryAnnouncedPageIsThere() {
      VirtualMachine vm = machine(TrustDomainOptions.DEFAULT);
      vm.newVcpu();
      vm.trustDomain().premap(GfnRange.ofPages(GFN, 2));
      vm.trustDomain().addPage(GFN, 1);
      IllegalStateException early =
          assertThrows(IllegalStateException.class, () -> vm.trustDomain().finalizeBuild());
      assertTrue(early.getMessage().contains("1 pages of the build are missing"), early.toString());
      vm.trustDomain().addPage(GFN + 1, 2);
      vm.trustDomain().finalizeBuild();
    }

    @Test
    void anUnfinishedBuildIsTornDown() {
      VirtualMachine vm = machine(TrustDomainOptions.DEFAULT);
      vm.trustDomain().addPage(GFN, 1);
      assertEquals("1 of 4K, 0 of 2M", mapped(vm));
    }
  }

  @Nested
  final class RunTime {
    @Test
    void aTouchMaps2mAndExitsUntilItIsAccepted() {
      VirtualMachine vm = running(TrustDomainOptions.DEFAULT, 1);
      TrustDomainVcpu vcpu = vcpus.get(0);
      assertEquals(VcpuExit.UNACCEPTED, vcpu.access(GPA, Access.WRITE));
      assertEquals("0 of 4K, 1 of 2M", mapped(vm));
      assertEquals(1, vm.trustDomain().anomalies().count(Kind.UNACCEPTED_TOUCH));
      assertEquals(List.of("UNACCEPTED_TOUCH 4K"), told);
      assertAccepted(vcpu.accept(GPA, PageLevel.LEVEL_2M));
      assertEquals(VcpuExit.NONE, vcpu.access(GPA, Access.WRITE));
    }

    /** The module takes many violations at one instruction for stepping, and keeps the vCPU out. */
    @Test
    void manyUnacceptedTouchesInARowDoNotKeepTheVcpuOut() {
      running(TrustDomainOptions.DEFAULT, 1);
      TrustDomainVcpu vcpu = vcpus.get(0);
      for (int i = 0; i < 20; i++) {
        assertEquals(VcpuExit.UNACCEPTED, vcpu.access(GPA, Access.WRITE));
      }
      assertAccepted(vcpu.accept(GPA, PageLevel.LEVEL_2M));
      assertEquals(VcpuExit.NONE, vcpu.access(GPA, Access.WRITE));
    }

    @Test
    void whatIsPrefaultedHasNotBeenAcceptedAndCostsNoExit() {
      VirtualMachine vm = running(TrustDomainOptions.DEFAULT, 1);
      vm.trustDomain().convertToShared(GfnRange.ofPages(GFN, 256));
      assertEquals(1024, vm.prefault(GfnRange.ofPages(GFN, 1024)));
      assertEquals("512 of 4K, 1 of 2M", mapped(vm));
      vm.forEachLeaf(MEMORY, (gfn, level, entry) -> assertFalse(Spte.isAccessed(entry)));
      TrustDomainVcpu vcpu = vcpus.get(0);
      long faults = vm.mmu().counters().sum(MmuCounter.FAULTS_FIXED);
      assertAccepted(vcpu.accept(GPA + BLOCK_BYTES, PageLevel.LEVEL_2M));
      assertEquals(faults, vm.mmu().counters().sum(MmuCounter.FAULTS_FIXED));
      assertEquals(1024, vm.prefault(GfnRange.ofPages(GFN, 1024)));
      assertEquals("512 of 4K, 1 of 2M", mapped(vm));
      assertEquals(0, vcpu.load(GPA + BLOCK_BYTES));
    }

    @Test
    void aGuestAccepts1gThen2mThen4k() {
      VirtualMachine vm = running(TrustDomainOptions.DEFAULT, 1);
      TrustDomainVcpu vcpu = vcpus.get(0);
      assertStatus(
          SeamcallStatus.OPERAND_INVALID, SeamcallStatus.RCX, vcpu.accept(0, PageLevel.LEVEL_1G));
      assertAccepted(vcpu.accept(GPA, PageLevel.LEVEL_2M));
      assertEquals("0 of 4K, 1 of 2M", mapped(vm));
      assertEquals(0, vm.trustDomain().acceptSplits());
      assertEquals(0, vm.trustDomain().anomalies().count(Kind.MIXED_LEVEL_ACCEPT));
    }

    @Test
    void a4kTableMakesA2mAcceptFallBack() {
      VirtualMachine vm = running(TrustDomainOptions.DEFAULT, 1);
      TrustDomainVcpu vcpu = vcpus.get(0);
      assertAccepted(vcpu.accept(GPA, PageLevel.LEVEL_4K));
      assertEquals("1 of 4K, 0 of 2M", mapped(vm));
      assertStatus(SeamcallStatus.PAGE_SIZE_MISMATCH, 1, vcpu.accept(GPA, PageLevel.LEVEL_2M));
      assertAccepted(vcpu.accept(GPA + PAGE, PageLevel.LEVEL_4K));
    }

    @Test
    void sharedMemoryIsMappedInTheDirectRootAndMixedBlocksAt4k() {
      VirtualMachine vm = running(TrustDomainOptions.DEFAULT, 1);
      TrustDomainVcpu vcpu = vcpus.get(0);
      long shared = vm.trustDomain().sharedBit();
      assertEquals(VcpuExit.MEMORY_FAULT, vcpu.access(GPA | shared, Access.READ));
      vm.trustDomain().convertToShared(GfnRange.ofPages(GFN, 1));
      assertEquals(VcpuExit.MEMORY_FAULT, vcpu.access(GPA, Access.READ));
      assertEquals(VcpuExit.NONE, vcpu.access(GPA | shared, Access.WRITE));
      assertAccepted(vcpu.accept(GPA + PAGE, PageLevel.LEVEL_4K));
      assertEquals("2 of 4K, 0 of 2M", mapped(vm));
      assertAccepted(vcpu.accept(GPA + BLOCK_BYTES, PageLevel.LEVEL_2M));
      vm.trustDomain().convertToShared(GfnRange.ofPages(GFN + 512, 512));
      assertEquals(VcpuExit.NONE, vcpu.access(GPA + BLOCK_BYTES | shared, Access.WRITE));
      assertEquals("2 of 4K, 1 of 2M", mapped(vm));
    }

    @Test
    void memoryOutsideEverySlotIsMmio() {
      running(TrustDomainOptions.DEFAULT, 1);
      assertEquals(VcpuExit.MMIO, vcpus.get(0).access(1L << 31, Access.READ));
      assertEquals(
          TrustDomainVcpu.NOT_COMPLETED, vcpus.get(0).accept(1L << 31, PageLevel.LEVEL_4K));
      assertEquals(VcpuExit.MMIO, vcpus.get(0).exit());
    }
  }

  @Nested
  final class Conversions {
    private VirtualMachine vm = running(TrustDomainOptions.DEFAULT, 1);
    private TrustDomainVcpu vcpu = vcpus.get(0);

    private void acceptAndFill() {
      assertAccepted(vcpu.accept(GPA, PageLevel.LEVEL_2M));
      for (int i = 0; i < 512; i++) {
        assertEquals(VcpuExit.NONE, vcpu.store(GPA + i * PAGE, 1000 + i));
      }
    }

    private void assertKeptBut(int from, int to) {
      for (int i = 0; i < 512; i++) {
        if (i < from || i >= to) {
          assertEquals(1000 + i, vcpu.load(GPA + i * PAGE), "page " + i);
          assertEquals(VcpuExit.NONE, vcpu.exit());
        }
      }
    }

    @Test
    void ofAPartSplitsRemovesExactlyItAndKeepsTheRest() {
      acceptAndFill();
      assertEquals(3, vm.trustDomain().convertToShared(GfnRange.ofPages(GFN + 7, 3)));
      assertEquals("509 of 4K, 0 of 2M", mapped(vm));
      assertEquals(1, vm.slots().find(GFN).guestMemfd().level(GFN), "the backing is split too");
      assertKeptBut(7, 10);
      assertEquals(VcpuExit.MEMORY_FAULT, vcpu.access(GPA + 8 * PAGE, Access.READ));
    }

    @Test
    void ofAWholePageSplitsNothing() {
      acceptAndFill();
      assertEquals(1, vm.trustDomain().convertToShared(BLOCK));
      assertEquals("0 of 4K, 0 of 2M", mapped(vm));
      assertFalse(
          vm.trustDomain().seamcalls().snapshot().containsKey("TDH.MEM.PAGE.DEMOTE")
              && vm.trustDomain().seamcalls().snapshot().get("TDH.MEM.PAGE.DEMOTE") > 0);
    }

    @Test
    void andBackBringsUnacceptedZeroMemory() {
      acceptAndFill();
      GfnRange part = GfnRange.ofPages(GFN + 7, 3);
      vm.trustDomain().convertToShared(part);
      vm.trustDomain().convertToPrivate(part);
      assertEquals(VcpuExit.UNACCEPTED, vcpu.access(GPA + 7 * PAGE, Access.READ));
      for (int i = 7; i < 10; i++) {
        assertAccepted(vcpu.accept(GPA + i * PAGE, PageLevel.LEVEL_4K));
        assertEquals(0, vcpu.load(GPA + i * PAGE));
        assertEquals(VcpuExit.NONE, vcpu.exit());
      }
      assertKeptBut(7, 10);
    }

    @Test
    void aHoleIsPunchedPrecisely() {
      acceptAndFill();
      assertEquals(2, vm.trustDomain().punchHole(GfnRange.ofPages(GFN + 100, 2)));
      assertKeptBut(100, 102);
      assertEquals(VcpuExit.UNACCEPTED, vcpu.access(GPA + 100 * PAGE, Access.READ));
      assertAccepted(vcpu.accept(GPA + 100 * PAGE, PageLevel.LEVEL_4K));
      assertEquals(0, vcpu.load(GPA + 100 * PAGE));
    }

    @Test
    void acrossTwoPagesSplitsHeadAndTailAndRemovesWhatLiesBetweenWhole() {
      for (int block = 0; block < 3; block++) {
        assertAccepted(vcpu.accept(GPA + block * BLOCK_BYTES, PageLevel.LEVEL_2M));
        assertEquals(VcpuExit.NONE, vcpu.store(GPA + block * BLOCK_BYTES, block + 1));
      }
      vm.trustDomain().convertToShared(new GfnRange(GFN + 1, GFN + 2 * 512 + 1));
      assertEquals(512 - 511 + 512 - 1 + " of 4K, 0 of 2M", mapped(vm));
      assertEquals(1, vcpu.load(GPA));
      assertEquals(VcpuExit.MEMORY_FAULT, vcpu.access(GPA + BLOCK_BYTES, Access.READ));
      assertEquals(VcpuExit.MEMORY_FAULT, vcpu.access(GPA + 2 * BLOCK_BYTES, Access.READ));
      assertEquals(0, vcpu.load(GPA + 2 * BLOCK_BYTES + PAGE));
      assertEquals(VcpuExit.NONE, vcpu.exit());
    }

    @Test
    void slotRemovalNeedsNoSplit() {
      acceptAndFill();
      vm.deleteSlot(vm.slots().find(GFN));
      assertEquals("0 of 4K, 0 of 2M", mapped(vm));
      assertEquals(
          0, vm.trustDomain().seamcalls().snapshot().getOrDefault("TDH.MEM.PAGE.DEMOTE", 0L));
      assertEquals(VcpuExit.MMIO, vcpu.access(GPA, Access.READ));
    }
  }

  @Test
  void theSameZapTakesTheWholePageOfANormalVmAndExactlyItsRangeOfATrustDomain() {
    try (VirtualMachine normal = VirtualMachine.builder().build();
        Vcpu plain = normal.newVcpu()) {
      normal.addSlot(MEMORY, PageLevel.LEVEL_2M);
      plain.access(GPA, Access.WRITE);
      VirtualMachine td = running(TrustDomainOptions.DEFAULT, 1);
      TrustDomainVcpu vcpu = vcpus.get(0);
      assertAccepted(vcpu.accept(GPA, PageLevel.LEVEL_2M));
      assertEquals(VcpuExit.NONE, vcpu.store(GPA, 7));

      GfnRange narrow = GfnRange.ofPages(GFN + 5, 1);
      assertEquals(1, normal.zap(narrow));
      assertEquals(1, td.zap(narrow));

      assertEquals("0 of 4K, 0 of 2M", mapped(normal));
      normal.forbidLargePage(GFN, PageLevel.LEVEL_2M);
      assertEquals(VcpuExit.NONE, plain.access(GPA, Access.WRITE));
      assertEquals("1 of 4K, 0 of 2M", mapped(normal));
      assertEquals(List.of(), normal.audit());

      assertEquals("511 of 4K, 0 of 2M", mapped(td));
      assertEquals(7, vcpu.load(GPA));
      assertEquals(VcpuExit.UNACCEPTED, vcpu.access(GPA + 5 * PAGE, Access.READ));
    }
  }

  @Nested
  final class FaultPathSplits {
    /** Another vCPU accepts the whole page first: the late, smaller ACCEPT finds it accepted. */
    @ParameterizedTest
    @EnumSource
    void theVcpuThatAcceptsLowerFindsItAccepted(AcceptPolicy policy) {
      running(TrustDomainOptions.DEFAULT.withAcceptPolicy(policy), 2);
      assertAccepted(vcpus.get(0).accept(GPA, PageLevel.LEVEL_2M));
      assertStatus(
          SeamcallStatus.PAGE_ALREADY_ACCEPTED,
          1,
          vcpus.get(1).accept(GPA + PAGE, PageLevel.LEVEL_4K));
      assertEquals(1, machines.get(0).trustDomain().anomalies().count(Kind.DOUBLE_ACCEPT));
    }

    private void touchThenAcceptOnVe(AcceptPolicy policy) {
      running(TrustDomainOptions.DEFAULT.withAcceptPolicy(policy).withSeptVeDisable(false), 1);
      assertEquals(VcpuExit.VIRTUALIZATION_EXCEPTION, vcpus.get(0).access(GPA, Access.WRITE));
      assertEquals(GPA, vcpus.get(0).veGpa());
      vcpus.get(0).takeVeInfo();
      assertEquals("0 of 4K, 1 of 2M", mapped(machines.get(0)));
    }

    @ParameterizedTest
    @EnumSource(names = {"EXCLUSIVE", "SHARED"})
    void anAcceptOnVeAt4kIsResolvedByASplit(AcceptPolicy policy) {
      touchThenAcceptOnVe(policy);
      assertAccepted(vcpus.get(0).accept(GPA, PageLevel.LEVEL_4K));
      assertEquals("512 of 4K, 0 of 2M", mapped(machines.get(0)));
      assertEquals(VcpuExit.NONE, vcpus.get(0).access(GPA, Access.WRITE));
      GuestAnomalies anomalies = machines.get(0).trustDomain().anomalies();
      assertEquals(1, anomalies.count(Kind.MIXED_LEVEL_ACCEPT));
      assertEquals(0, anomalies.count(Kind.ENDLESS_VIOLATION));
      TrustDomainHost host = machines.get(0).trustDomain();
      boolean exclusive = policy == AcceptPolicy.EXCLUSIVE;
      assertEquals(exclusive ? 1 : 0, host.splitsExclusive());
      assertEquals(exclusive ? 1 : 0, host.inhibits());
      assertEquals(exclusive ? 0 : 1, host.splitsShared());
      assertEquals(1, host.seamcalls().successes(TdxLeaf.MEM_PAGE_DEMOTE));
    }

    @Test
    void ignoringItIsAnEndlessViolationWhichIsCountedOnceAndGivenUp() {
      touchThenAcceptOnVe(AcceptPolicy.IGNORE);
      assertEquals(TrustDomainVcpu.NOT_COMPLETED, vcpus.get(0).accept(GPA, PageLevel.LEVEL_4K));
      assertEquals(VcpuExit.ENDLESS_VIOLATION, vcpus.get(0).exit());
      GuestAnomalies anomalies = machines.get(0).trustDomain().anomalies();
      assertEquals(1, anomalies.count(Kind.ENDLESS_VIOLATION));
      assertEquals(ViolationWatch.ENDLESS, anomalies.count(Kind.MIXED_LEVEL_ACCEPT));
      assertEquals(1, told.stream().filter(line -> line.startsWith("MIXED")).count());
      assertAccepted(vcpus.get(0).accept(GPA, PageLevel.LEVEL_2M));
    }

    @Test
    void withoutThePrecheckEachExitForAnAcceptTakesTheLock() {
      VirtualMachine vm = running(TrustDomainOptions.DEFAULT.withInhibitPrecheck(false), 1);
      TrustDomainVcpu vcpu = vcpus.get(0);
      for (int page = 0; page < 100; page++) {
        assertAccepted(vcpu.accept(GPA + page * PAGE, PageLevel.LEVEL_4K));
      }
      assertEquals(100, vm.trustDomain().acceptSplits());
      assertEquals(1, vm.trustDomain().inhibits());
    }

    @Test
    void theInhibitMarkSparesTheLockTheNextTime() {
      VirtualMachine vm = running(TrustDomainOptions.DEFAULT, 1);
      for (int i = 0; i < 100; i++) {
        assertAccepted(vcpus.get(0).accept(GPA + i * PAGE, PageLevel.LEVEL_4K));
      }
      assertEquals(1, vm.trustDomain().acceptSplits());
      assertTrue(vm.slots().find(GFN).limits().isInhibited(GFN, PageLevel.PG_2M));
    }

    @Test
    void aSplitByAFaultLeavesTheBackingWhole() {
      VirtualMachine vm = running(TrustDomainOptions.DEFAULT.withSeptVeDisable(false), 1);
      assertEquals(VcpuExit.VIRTUALIZATION_EXCEPTION, vcpus.get(0).access(GPA, Access.WRITE));
      vcpus.get(0).takeVeInfo();
      assertAccepted(vcpus.get(0).accept(GPA, PageLevel.LEVEL_4K));
      assertEquals(2, vm.slots().find(GFN).guestMemfd().level(GFN));
      assertNotEquals(0, vm.mapped(PageLevel.LEVEL_4K));
    }
  }

  @Test
  void aTouchMaps2mEvenWhereTheBackingIs1gAndPromotionMakes1gOfIt() {
    VirtualMachine vm = machine(TrustDomainOptions.DEFAULT, PageLevel.LEVEL_1G);
    TrustDomainVcpu vcpu = (TrustDomainVcpu) vm.newVcpu();
    vm.trustDomain().finalizeBuild();
    assertEquals(VcpuExit.UNACCEPTED, vcpu.access(GPA, Access.WRITE));
    assertEquals("0 of 4K, 1 of 2M", mapped(vm));
    for (long gpa = 0; gpa < 1L << 30; gpa += BLOCK_BYTES) {
      assertAccepted(vcpu.accept(gpa, PageLevel.LEVEL_2M));
    }
    assertEquals(VcpuExit.NONE, vcpu.store(GPA, 7));
    assertEquals(1, vm.trustDomain().promote(MEMORY, PageLevel.LEVEL_1G));
    assertEquals(1, vm.mapped(PageLevel.LEVEL_1G));
    assertEquals(7, vcpu.load(GPA));
    assertEquals(3, vm.trustDomain().convertToShared(GfnRange.ofPages(GFN + 7, 3)));
    assertEquals(7, vcpu.load(GPA));
  }

  @Nested
  final class Promotions {
    private VirtualMachine vm = running(TrustDomainOptions.DEFAULT, 1);
    private TrustDomainVcpu vcpu = vcpus.get(0);

    private void acceptSmall(int from, int to) {
      for (int i = from; i < to; i++) {
        assertAccepted(vcpu.accept(GPA + i * PAGE, PageLevel.LEVEL_4K));
        assertEquals(VcpuExit.NONE, vcpu.store(GPA + i * PAGE, 1000 + i));
      }
    }

    private long promote() {
      return vm.trustDomain().promote(MEMORY, PageLevel.LEVEL_1G);
    }

    private void assertContent() {
      for (int i = 0; i < 512; i++) {
        assertEquals(1000 + i, vcpu.load(GPA + i * PAGE));
      }
    }

    @Test
    void makeOnePageOfWhatIsAllAcceptedAndEndTheInhibit() {
      acceptSmall(0, 512);
      assertTrue(vm.slots().find(GFN).limits().isInhibited(GFN, PageLevel.PG_2M));
      assertEquals(1, promote());
      assertEquals("0 of 4K, 1 of 2M", mapped(vm));
      assertFalse(vm.slots().find(GFN).limits().isInhibited(GFN, PageLevel.PG_2M));
      assertContent();
    }

    @Test
    void leaveWhatIsAcceptedInPartAndKeepTheInhibit() {
      acceptSmall(0, 511);
      assertEquals(VcpuExit.UNACCEPTED, vcpu.access(GPA + 511 * PAGE, Access.READ));
      assertEquals("512 of 4K, 0 of 2M", mapped(vm));
      assertEquals(0, promote());
      assertEquals(1, vm.trustDomain().refusedPromotions());
      assertTrue(vm.slots().find(GFN).limits().isInhibited(GFN, PageLevel.PG_2M));
      acceptSmall(511, 512);
      assertEquals(1, promote());
      assertContent();
    }

    @Test
    void leaveWhatIsForbiddenAndDoNotAskTheModule() {
      acceptSmall(0, 512);
      vm.forbidLargePage(GFN, PageLevel.LEVEL_2M);
      assertEquals(0, promote());
      assertEquals(0, vm.trustDomain().refusedPromotions());
      vm.permitLargePage(GFN, PageLevel.LEVEL_2M);
      assertEquals(1, promote());
      assertEquals(1, vm.trustDomain().seamcalls().successes(TdxLeaf.MEM_PAGE_PROMOTE));
    }

    @Test
    void leaveWhatHasAHole() {
      acceptSmall(0, 511);
      assertEquals(0, promote());
      assertEquals("511 of 4K, 0 of 2M", mapped(vm));
    }

    @Test
    void undoAConversionToSharedAndBack() {
      assertAccepted(vcpu.accept(GPA, PageLevel.LEVEL_2M));
      for (int i = 0; i < 512; i++) {
        assertEquals(VcpuExit.NONE, vcpu.store(GPA + i * PAGE, 1000 + i));
      }
      GfnRange part = GfnRange.ofPages(GFN + 7, 3);
      vm.trustDomain().convertToShared(part);
      assertEquals(0, promote());
      vm.trustDomain().convertToPrivate(part);
      acceptSmall(7, 10);
      assertEquals(1, promote());
      assertEquals("0 of 4K, 1 of 2M", mapped(vm));
      assertContent();
    }

    @Test
    void ofTheBuildAreAnOption() {
      VirtualMachine off = machine(TrustDomainOptions.DEFAULT);
      VirtualMachine on = machine(TrustDomainOptions.DEFAULT.withMergesInBuild(true));
      for (VirtualMachine built : List.of(off, on)) {
        for (int i = 0; i < 512; i++) {
          built.trustDomain().addPage(GFN + i, 1000 + i);
        }
      }
      assertEquals(0, off.trustDomain().promote(BLOCK, PageLevel.LEVEL_2M));
      assertEquals("512 of 4K, 0 of 2M", mapped(off));
      assertEquals(1, on.trustDomain().promote(BLOCK, PageLevel.LEVEL_2M));
      assertEquals("0 of 4K, 1 of 2M", mapped(on));
      vcpu = (TrustDomainVcpu) on.newVcpu();
      on.trustDomain().finalizeBuild();
      assertContent();
    }
  }

  @Test
  void fiveLevelsHaveTheirSharedBitAt51() {
    try (VirtualMachine vm =
        VirtualMachine.builder()
            .geometry(Geometry.FIVE_LEVEL)
            .maxTables(1024)
            .trustDomain(TrustDomainOptions.DEFAULT.withHostPages(1 << 20))
            .build()) {
      assertEquals(1L << 51, vm.trustDomain().sharedBit());
      vm.addSlot(MEMORY, PageLevel.LEVEL_2M);
      TrustDomainVcpu vcpu = (TrustDomainVcpu) vm.newVcpu();
      vm.trustDomain().finalizeBuild();
      assertEquals(VcpuExit.NONE, vcpu.access(1L << 51 | GPA, Access.WRITE));
      vm.trustDomain().convertToPrivate(MEMORY);
      assertAccepted(vcpu.accept(GPA, PageLevel.LEVEL_2M));
      assertEquals(VcpuExit.NONE, vcpu.store(GPA, 3));
      assertEquals(3, vcpu.load(GPA));
      assertEquals(List.of(), vm.audit());
    }
  }
}
