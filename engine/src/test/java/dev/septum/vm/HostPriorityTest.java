package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.septum.memory.AllocationFaults;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.FaultResult;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.td.SeamcallCounts;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The module refuses an entry to all guests once a call of the host's has lost it, until another of
 * the host's has won it: so a host that gives up what was busy leaves guests that wait for ever.
 */
final class HostPriorityTest {
  private static final int TABLES = 16;

  /** Has something done, once, by another thread, while a guest's ACCEPT holds its entry. */
  private static final class AmidAnAccept implements TdxFaults {
    private Runnable meanwhile = () -> {};

    @Override
    public void window(TdxLeaf leaf) {
      if (leaf == TdxLeaf.GUEST_ACCEPT) {
        Runnable once = meanwhile;
        meanwhile = () -> {};
        once.run();
      }
    }

    /** Has the host do something that is busy with what the next ACCEPT holds. */
    <T> Future<T> hasBusy(TdMachine td, Callable<T> work) {
      FutureTask<T> task = new FutureTask<>(work);
      long busy = td.host().seamcalls().busy();
      meanwhile =
          () -> {
            new Thread(task).start();
            while (td.host().seamcalls().busy() == busy && !task.isDone()) {
              Thread.onSpinWait();
            }
          };
      return task;
    }
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void aPromotionThatFindsThePageBusyDoesNotKeepItFromTheGuest() throws Exception {
    AmidAnAccept faults = new AmidAnAccept();
    TdMachine td =
        new TdMachine(
            TrustDomainOptions.DEFAULT.withFaults(faults, AllocationFaults.NONE), 1, 1, TABLES);
    for (long gfn = TdMachine.BLOCK.start(); gfn < TdMachine.BLOCK.end(); gfn++) {
      td.acceptWhole(gfn, PageLevel.LEVEL_4K);
    }
    Future<Long> promotion =
        faults.hasBusy(td, () -> td.host().promote(td.memory, PageLevel.LEVEL_2M));
    assertAccept(SeamcallStatus.PAGE_ALREADY_ACCEPTED, td, PageLevel.LEVEL_4K);
    long promoted = promotion.get();
    assertAccept(SeamcallStatus.PAGE_ALREADY_ACCEPTED, td, PageLevel.LEVEL_4K);
    assertEquals(1, promoted);
    assertNotEquals(0, td.host().seamcalls().busy());
    td.assertSound();
    td.closeAndCheckAllIsGivenBack();
  }

  /**
   * A change of an empty entry, in a fault that is given up once a guest's ACCEPT was in its way.
   */
  private enum Filling {
    SMALL_PAGE(TdxLeaf.MEM_PAGE_AUG, PageLevel.LEVEL_4K, SeamcallStatus.SUCCESS),
    LARGE_PAGE(TdxLeaf.MEM_PAGE_AUG, PageLevel.LEVEL_2M, SeamcallStatus.SUCCESS),
    /** For an ACCEPT at 4K; the guest then wants the block small. */
    TABLE(TdxLeaf.MEM_SEPT_ADD, PageLevel.LEVEL_2M, SeamcallStatus.PAGE_SIZE_MISMATCH);

    final TdxLeaf leaf;

    /** The level of the entry, and of the ACCEPTs at it. */
    final PageLevel level;

    /** What a later ACCEPT at it finds. */
    final long found;

    Filling(TdxLeaf leaf, PageLevel level, long found) {
      this.leaf = leaf;
      this.level = level;
      this.found = found;
    }

    /** Has a vCPU fault there. */
    VcpuExit fault(TrustDomainVcpu vcpu) {
      if (this == TABLE) {
        assertEquals(
            TrustDomainVcpu.NOT_COMPLETED,
            vcpu.accept(TdMachine.gpa(TdMachine.GFN), PageLevel.LEVEL_4K));
        return vcpu.exit();
      }
      return vcpu.access(TdMachine.gpa(TdMachine.GFN), Access.WRITE);
    }
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void aFaultThatIsGivenUpDoesNotKeepItsEntryFromTheGuest(Filling filling) throws Exception {
    AmidAnAccept faults = new AmidAnAccept();
    TdMachine td =
        new TdMachine(
            TrustDomainOptions.DEFAULT.withFaults(faults, AllocationFaults.NONE), 2, 2, TABLES);
    boolean small = filling.level == PageLevel.LEVEL_4K;
    td.acceptWhole(small ? TdMachine.GFN + 1 : TdMachine.BLOCK.end(), filling.level);
    GfnRange range = small ? GfnRange.ofPages(TdMachine.GFN, 1) : TdMachine.BLOCK;
    ExecutorService others = Executors.newFixedThreadPool(2);
    AtomicReference<Future<VcpuExit>> fault = new AtomicReference<>();
    SeamcallCounts counts = td.host().seamcalls();
    faults.meanwhile =
        () -> {
          fault.set(others.submit(() -> filling.fault(td.vcpus.get(1))));
          while (counts.calls(filling.leaf) == counts.successes(filling.leaf)) {
            Thread.onSpinWait();
          }
          Future<Long> conversion = others.submit(() -> td.host().convertToShared(range));
          while (!td.vm.mmu().lock().isContended() && !conversion.isDone()) {
            Thread.onSpinWait(); // it is the next to have the lock, before a fault comes back
          }
        };
    long gpa = TdMachine.gpa(TdMachine.GFN);
    try {
      assertEquals(TrustDomainVcpu.NOT_COMPLETED, td.vcpu().accept(gpa, filling.level));
      assertEquals(VcpuExit.MEMORY_FAULT, td.vcpu().exit());
      assertEquals(VcpuExit.MEMORY_FAULT, fault.get().get());
      assertEquals(0, td.host().convertToPrivate(range));
      assertAccept(filling.found, td, filling.level);
    } finally {
      others.shutdown();
    }
    td.assertSound();
    td.closeAndCheckAllIsGivenBack();
  }

  /** A fault that would split, and never comes back. */
  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void aSplitThatIsGivenUpDoesNotKeepItsEntryFromTheGuest() throws Exception {
    AmidAnAccept faults = new AmidAnAccept();
    TdMachine td =
        new TdMachine(
            TrustDomainOptions.DEFAULT
                .withAcceptPolicy(AcceptPolicy.SHARED)
                .withFaults(faults, AllocationFaults.NONE),
            1,
            1,
            TABLES);
    long gpa = TdMachine.gpa(TdMachine.GFN);
    assertEquals(VcpuExit.UNACCEPTED, td.vcpu().access(gpa, Access.WRITE));
    Future<FaultResult> fault = faults.hasBusy(td, () -> faultOnce(td));
    assertEquals(SeamcallStatus.SUCCESS, td.vcpu().accept(gpa, PageLevel.LEVEL_2M));
    assertEquals(FaultResult.RETRY, fault.get());
    assertAccept(SeamcallStatus.PAGE_ALREADY_ACCEPTED, td, PageLevel.LEVEL_2M);
    td.assertSound();
    td.closeAndCheckAllIsGivenBack();
  }

  /** A fault for a small page that is not asked for again. */
  private static FaultResult faultOnce(TdMachine td) {
    try (Walker walker = td.vm.mmu().newWalker()) {
      return td.vm.mmu().fault(walker, smallPage(td));
    }
  }

  private static PageFault smallPage(TdMachine td) {
    MemorySlot slot = Objects.requireNonNull(td.vm.slots().find(TdMachine.GFN));
    long sequence = td.vm.mmu().invalidationSequence();
    PageFault fault = new PageFault().begin(TdMachine.GFN, Access.WRITE.bit(), sequence);
    return fault
        .backedBy(slot.pfnOf(TdMachine.GFN), true, PageLevel.PG_2M)
        .limitedBy(slot.limits())
        .asPrivate(true)
        .wanting(PageLevel.PG_4K);
  }

  /** Asks once: BUSY would be an answer, too. */
  private static void assertAccept(long expected, TdMachine td, PageLevel level) {
    long status = td.vcpu().accept(TdMachine.gpa(TdMachine.GFN), level);
    assertEquals(expected, SeamcallStatus.detail(status), () -> SeamcallStatus.describe(status));
  }
}
