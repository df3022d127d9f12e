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
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.SpinWait;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.ExitQualification;
import dev.septum.tdx.GuestLeaves;
import dev.septum.tdx.TdVcpu;
import dev.septum.trace.MmuCounter;

/**
 * From a TD exit to a mapping of private memory.
 *
 * <p>What has to be tried again is tried here, without going back into the guest: a guest that
 * makes no progress looks to the module as if it were stepped (KVM's local retry). A retry ends
 * when the page is mapped, when it is not private memory any more, and when the machine is closed
 * or bugged, which throws.
 */
final class TrustDomainExits {
  /** No level was asked for: the exit is of a plain access. */
  private static final int NO_LEVEL = 0;

  /** PAGE.AUG takes 4K and 2M; a page of 1G is made by PROMOTE alone. */
  private static final int LARGEST_AUG = PageLevel.PG_2M;

  private final TrustDomainHost host;
  private final TdpMmu mmu;
  private final Geometry geometry;
  private final MemorySlots slots;
  private final MemoryAttributes attributes;
  private final AcceptPolicy policy;
  private final boolean prechecks;
  private final GuestAnomalies anomalies;

  TrustDomainExits(TrustDomainHost host, TdpMmu mmu, MemorySlots slots) {
    this.host = host;
    this.mmu = mmu;
    this.geometry = mmu.geometry();
    this.slots = slots;
    this.attributes = host.attributes();
    this.policy = host.options().acceptPolicy();
    this.prechecks = host.options().inhibitPrecheck();
    this.anomalies = host.anomalies();
  }

  /** The vCPU's last TD exit. */
  VcpuExit handle(TrustDomainVcpu vcpu) {
    TdVcpu cpu = vcpu.cpu();
    if (cpu.exitRax() != GuestLeaves.EPT_VIOLATION) {
      return VcpuExit.NONE; // kicked, or refused an entry for too long: enter again
    }
    long gpa = cpu.exitGpa();
    long gfn = gpa >>> Geometry.PAGE_SHIFT;
    long qualification = cpu.extendedExitQualification();
    return switch (ExitQualification.type(qualification)) {
      case ExitQualification.PENDING_EPT_VIOLATION -> {
        anomalies.note(GuestAnomalies.Kind.UNACCEPTED_TOUCH, gpa, PageLevel.LEVEL_4K);
        yield VcpuExit.UNACCEPTED;
      }
      case ExitQualification.ACCEPT -> acceptViolation(vcpu, gfn, qualification);
      default -> watched(vcpu, gfn, NO_LEVEL, map(vcpu.walker, vcpu.fault, gfn, NO_LEVEL, false));
    };
  }

  /** The exit, unless it is one of an endless row. */
  private VcpuExit watched(TrustDomainVcpu vcpu, long gfn, int level, VcpuExit exit) {
    if (exit != VcpuExit.NONE || !vcpu.watch().note(gfn, level, mirrorEntry(vcpu.walker, gfn))) {
      return exit;
    }
    anomalies.note(
        GuestAnomalies.Kind.ENDLESS_VIOLATION,
        gfn << Geometry.PAGE_SHIFT,
        PageLevel.of(Math.max(level, PageLevel.PG_4K)));
    return VcpuExit.ENDLESS_VIOLATION;
  }

  private VcpuExit acceptViolation(TrustDomainVcpu vcpu, long gfn, long qualification) {
    int level = ExitQualification.requestedLevel(qualification) + 1;
    if (ExitQualification.foundLeaf(qualification)
        && ExitQualification.foundLevel(qualification) + 1 > level) {
      anomalies.note(
          GuestAnomalies.Kind.MIXED_LEVEL_ACCEPT, gfn << Geometry.PAGE_SHIFT, PageLevel.of(level));
    }
    if (policy == AcceptPolicy.EXCLUSIVE) {
      splitAndInhibit(vcpu.walker, gfn, level);
    }
    return watched(vcpu, gfn, level, map(vcpu.walker, vcpu.fault, gfn, level, false));
  }

  private long mirrorEntry(Walker walker, long gfn) {
    walker.section().open();
    try {
      return mmu.walkMirror(walker, gfn);
    } finally {
      walker.section().close();
    }
  }

  /**
   * Sees to it that nothing larger than a level is mapped over a gfn, nor will be.
   *
   * <p>The mark is looked at first, without a lock: it stands only where nothing larger can be
   * mapped, so most exits take no exclusive lock. It is set in the same exclusive hold as the
   * split, behind it.
   *
   * @throws dev.septum.paging.TableArenaFullException if a table is missing; then nothing is set
   */
  private void splitAndInhibit(Walker walker, long gfn, int level) {
    MemorySlot slot = slots.find(gfn);
    if (slot == null) {
      return;
    }
    int largest = Math.min(slot.backing().number(), geometry.maxLeafLevel());
    if (level >= largest // nothing larger is ever mapped there
        || (prechecks && slot.limits().isInhibited(gfn, level + 1))) {
      return;
    }
    host.countExclusive();
    GfnRange block = GfnRange.ofPages(geometry.round(gfn, level), geometry.pages(level));
    long split =
        mmu.splitMirror(
            walker,
            block,
            level,
            () -> {
              for (int larger = level + 1; larger <= largest; larger++) {
                if (slot.limits().inhibit(gfn, larger)) {
                  host.countInhibit();
                }
              }
            });
    host.countSplits(split);
  }

  /** Maps a private page that nobody has touched. */
  VcpuExit prefault(Walker walker, PageFault fault, long gfn) {
    return map(walker, fault, gfn, NO_LEVEL, true);
  }

  /** Maps a private page, at a level if one was asked for, else as large as it may be. */
  private VcpuExit map(Walker walker, PageFault fault, long gfn, int level, boolean prefetch) {
    for (int tries = 0; ; tries++) {
      long sequence = mmu.invalidationSequence();
      MemorySlot slot = slots.find(gfn);
      if (slot == null) {
        walker.counters().increment(MmuCounter.FAULTS_EMULATE);
        return VcpuExit.MMIO;
      }
      GuestMemfd memfd = slot.guestMemfd();
      if (!attributes.isPrivate(gfn) || memfd == null) {
        return VcpuExit.MEMORY_FAULT;
      }
      if (memfd.allocate(gfn)) {
        ExitHandler.begin(fault, gfn, Access.WRITE.bit(), sequence, slot)
            .asPrivate(policy == AcceptPolicy.SHARED && level != NO_LEVEL);
        fault.wanting(level == NO_LEVEL ? LARGEST_AUG : level);
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
