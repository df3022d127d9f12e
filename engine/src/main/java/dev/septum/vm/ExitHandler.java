package dev.septum.vm;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemoryAttributes;
import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.FaultResult;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.sync.SpinWait;
import dev.septum.trace.MmuCounter;
import org.jspecify.annotations.Nullable;

/**
 * From an EPT violation in the direct root to a mapping: find the page, map it, and again while it
 * changes.
 */
final class ExitHandler {
  private final MemorySlots slots;
  private final TdpMmu mmu;
  private final @Nullable MemoryAttributes attributes;

  /**
   * A handler.
   *
   * @param attributes which pages are private, and so not to be found here; null if none can be
   */
  ExitHandler(MemorySlots slots, TdpMmu mmu, @Nullable MemoryAttributes attributes) {
    this.slots = slots;
    this.mmu = mmu;
    this.attributes = attributes;
  }

  /** Handles the violation of a vCPU that is out of the guest. */
  VcpuExit handle(Walker walker, PageFault fault, long gfn, int accessBits) {
    return map(walker, fault, gfn, accessBits, false);
  }

  /** Maps a page that nobody has touched. */
  VcpuExit prefault(Walker walker, PageFault fault, long gfn) {
    return map(walker, fault, gfn, Access.READ.bit(), true);
  }

  /** A fault on a page of a slot, as it was looked up. */
  static PageFault begin(
      PageFault fault, long gfn, int accessBits, long sequence, MemorySlot slot) {
    return fault
        .begin(gfn, accessBits, sequence)
        .backedBy(slot.pfnOf(gfn), !slot.isReadOnly(), slot.backing().number())
        .limitedBy(slot.limits());
  }

  private VcpuExit map(Walker walker, PageFault fault, long gfn, int accessBits, boolean prefetch) {
    for (int tries = 0; ; tries++) {
      long sequence = mmu.invalidationSequence();
      MemorySlot slot = slots.find(gfn);
      if (slot == null || (slot.isReadOnly() && (accessBits & Access.WRITE.bit()) != 0)) {
        walker.counters().increment(MmuCounter.FAULTS_EMULATE);
        return VcpuExit.MMIO;
      }
      if (attributes != null && attributes.isPrivate(gfn)) {
        return VcpuExit.MEMORY_FAULT;
      }
      GuestMemfd memfd = slot.guestMemfd();
      if (memfd == null || memfd.allocate(gfn)) {
        begin(fault, gfn, accessBits, sequence, slot);
        if (prefetch) {
          fault.asPrefetch();
        }
        if (mmu.fault(walker, fault) != FaultResult.RETRY) {
          return VcpuExit.NONE;
        }
      }
      mmu.checkUsable();
      SpinWait.pause(tries);
    }
  }
}
