package dev.septum.vm;

import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.FaultResult;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.sync.SpinWait;
import dev.septum.trace.MmuCounter;

/** From an EPT violation to a mapping: find the page, map it, and again while it changes. */
final class ExitHandler {
  private final MemorySlots slots;
  private final TdpMmu mmu;

  ExitHandler(MemorySlots slots, TdpMmu mmu) {
    this.slots = slots;
    this.mmu = mmu;
  }

  /** Handles the violation of a vCPU that is out of the guest. */
  VcpuExit handle(Walker walker, PageFault fault, long gfn, int accessBits) {
    return map(walker, fault, gfn, accessBits, false) ? VcpuExit.NONE : VcpuExit.MMIO;
  }

  /**
   * Maps a page that nobody has touched; returns the level it is mapped at, 0 if no slot has it.
   */
  int prefault(Walker walker, PageFault fault, long gfn) {
    return map(walker, fault, gfn, Access.READ.bit(), true) ? fault.mappedLevel() : 0;
  }

  /** Returns whether there is memory for the access. */
  private boolean map(Walker walker, PageFault fault, long gfn, int accessBits, boolean prefetch) {
    for (int tries = 0; ; tries++) {
      long sequence = mmu.invalidationSequence();
      MemorySlot slot = slots.find(gfn);
      if (slot == null || (slot.isReadOnly() && (accessBits & Access.WRITE.bit()) != 0)) {
        walker.counters().increment(MmuCounter.FAULTS_EMULATE);
        return false;
      }
      fault
          .begin(gfn, accessBits, sequence)
          .backedBy(slot.pfnOf(gfn), !slot.isReadOnly(), slot.backing().number())
          .limitedBy(slot.limits());
      if (prefetch) {
        fault.asPrefetch();
      }
      if (mmu.fault(walker, fault) != FaultResult.RETRY) {
        return true;
      }
      SpinWait.pause(tries);
    }
  }
}
