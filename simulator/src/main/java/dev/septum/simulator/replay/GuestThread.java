package dev.septum.simulator.replay;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.simulator.guest.Guest;
import dev.septum.simulator.guest.GuestVcpu;
import dev.septum.simulator.guest.StampedVcpu;
import dev.septum.simulator.input.VcpuStream;
import dev.septum.vm.GuestAccess;
import dev.septum.vm.VcpuExit;

/**
 * The thread of a trust domain's vCPU: makes each access with the help of its guest, until it is
 * made or given up.
 *
 * <p>A page that is shared just now is touched as shared memory, which holds no stamp.
 */
final class GuestThread extends VcpuThread {
  private static final int SLICE = 1 << 7;
  private static final Access[] ACCESSES = Access.values();

  private final GuestVcpu vcpu;
  private final StampedVcpu stamped;
  private final Guest guest;
  private final Pace pace;
  private long givenUp;

  GuestThread(
      VcpuStream stream,
      GuestVcpu vcpu,
      StampedVcpu stamped,
      Guest guest,
      int repeat,
      Pace pace,
      RunState state) {
    super(stream, repeat, SLICE, state);
    this.vcpu = vcpu;
    this.stamped = stamped;
    this.guest = guest;
    this.pace = pace;
  }

  GuestVcpu vcpu() {
    return vcpu;
  }

  StampedVcpu stamped() {
    return stamped;
  }

  /** Accesses that were given up; exact after a join. */
  long givenUp() {
    return givenUp;
  }

  @Override
  int runSlice(long[] accesses, int from, int to) {
    pace.await(state());
    int at = from;
    while (at < to && make(accesses[at])) {
      at++;
    }
    pace.made(at - from);
    return at;
  }

  /** Makes one access; false if the run has stopped. */
  private boolean make(long packed) {
    long gfn = GuestAccess.gfn(packed);
    Access access = access(GuestAccess.bits(packed));
    guest.beforeTouch(vcpu, gfn);
    while (!state().isStopped()) {
      switch (stamped.make(gfn, access)) {
        case NONE -> {
          return true;
        }
        case UNACCEPTED -> {
          if (!guest.accept(vcpu, gfn)) {
            return giveUp();
          }
        }
        case VIRTUALIZATION_EXCEPTION -> {
          vcpu.takeVeInfo();
          if (!guest.accept(vcpu, gfn)) {
            return giveUp();
          }
        }
        case MEMORY_FAULT -> {
          if (vcpu.touchShared(gfn, access) == VcpuExit.NONE) {
            return true;
          }
        }
        case ENDLESS_VIOLATION -> {
          return giveUp();
        }
        case MMIO ->
            state()
                .fail(
                    String.format(
                        "%s: exit MMIO at 0x%x: no memory slot answers it",
                        name(), gfn << Geometry.PAGE_SHIFT));
      }
    }
    return false;
  }

  private boolean giveUp() {
    givenUp++;
    return true;
  }

  private static Access access(int bits) {
    for (Access access : ACCESSES) {
      if (access.bit() == bits) {
        return access;
      }
    }
    throw new IllegalArgumentException("no access has the bits " + bits);
  }
}
