package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import org.junit.jupiter.api.Test;

/** Which operations hold the MMU's lock alone, and which share it. */
class HoldsAloneTest {
  private static final GfnRange BLOCK = GfnRange.ofBytes(0, 2 << 20);

  private static long holdsOf(VirtualMachine vm, Runnable operation) {
    long before = vm.mmu().lock().exclusiveHolds();
    operation.run();
    return vm.mmu().lock().exclusiveHolds() - before;
  }

  @Test
  void aSplitAMergeAndAFaultShareTheLockAndAZapDoesNot() {
    try (VirtualMachine vm = VirtualMachine.builder().build();
        Vcpu vcpu = vm.newVcpu()) {
      vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
      assertEquals(0, holdsOf(vm, () -> vcpu.access(0, Access.WRITE)));
      assertEquals(0, holdsOf(vm, () -> assertEquals(1, vm.split(BLOCK, PageLevel.LEVEL_4K))));
      assertEquals(0, holdsOf(vm, () -> assertEquals(1, vm.merge(BLOCK, PageLevel.LEVEL_2M))));
      assertEquals(1, holdsOf(vm, () -> assertEquals(1, vm.zap(BLOCK))));
    }
  }

  @Test
  void aSplitIsAloneIfItIsToldTo() {
    try (VirtualMachine vm = VirtualMachine.builder().build();
        Vcpu vcpu = vm.newVcpu();
        var walker = vm.mmu().newWalker()) {
      vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
      vcpu.access(0, Access.WRITE);
      long holds =
          holdsOf(vm, () -> assertEquals(1, vm.mmu().split(walker, BLOCK, PageLevel.PG_4K, true)));
      assertTrue(holds > 0, "holds: " + holds); // again, once it has its tables
    }
  }

  @Test
  void aTrustDomainIsSplitAndMergedAlone() {
    try (VirtualMachine vm =
        VirtualMachine.builder().trustDomain(TrustDomainOptions.DEFAULT).build()) {
      vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
      TrustDomainHost host = vm.trustDomain();
      host.convertToPrivate(BLOCK);
      TrustDomainVcpu vcpu = (TrustDomainVcpu) vm.newVcpu();
      host.finalizeBuild();
      vcpu.accept(0, PageLevel.LEVEL_2M);
      try (var walker = vm.mmu().newWalker()) {
        Runnable split =
            () -> assertEquals(1, vm.mmu().splitMirror(walker, BLOCK, PageLevel.PG_4K));
        assertTrue(holdsOf(vm, split) > 0);
      }
      long holds = holdsOf(vm, () -> assertEquals(1, host.promote(BLOCK, PageLevel.LEVEL_2M)));
      assertTrue(holds > 0, "holds: " + holds);
    }
  }
}
