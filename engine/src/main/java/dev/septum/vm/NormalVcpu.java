package dev.septum.vm;

import dev.septum.memory.FrameTags;
import dev.septum.paging.Geometry;
import dev.septum.sync.ReadSection;

/** A vCPU of a normal VM: all its memory is in the direct root. */
final class NormalVcpu extends Vcpu {
  private final ExitHandler exits;

  NormalVcpu(VirtualMachine vm, TlbShootdown shootdown, ExitHandler exits, FrameTags tags) {
    super(vm, shootdown, tags);
    this.exits = exits;
  }

  @Override
  int runInGuest(long[] accesses, int from, int to) {
    mode.enterRelease();
    ReadSection section = walker.section();
    section.open(); // its full fence is the guest mode's too
    try {
      for (int at = from; at < to; at++) {
        if (shootdown.isPending(mode)) {
          shootdown.serve(mode, tlb());
        }
        section.quiesce();
        if (touchDirect(GuestAccess.gfn(accesses[at]), GuestAccess.bits(accesses[at])) < 0) {
          return at;
        }
      }
      return to;
    } finally {
      section.close();
      mode.leaveRelease();
    }
  }

  @Override
  VcpuExit handle(long gpa, int accessBits) {
    return exits.handle(walker, fault, gpa >>> Geometry.PAGE_SHIFT, accessBits);
  }
}
