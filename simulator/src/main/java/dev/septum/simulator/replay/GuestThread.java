package dev.septum.simulator.replay;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.simulator.guest.GuestVcpu;
import dev.septum.simulator.guest.PersistentVcpu;
import dev.septum.simulator.guest.StampedVcpu;
import dev.septum.simulator.input.VcpuStream;
import dev.septum.vm.GuestAccess;
import java.util.function.BooleanSupplier;

/**
 * The thread of a trust domain's vCPU: makes each access with the help of its guest, until it is
 * made or given up.
 */
final class GuestThread extends VcpuThread {
  private static final int SLICE = 1 << 7;
  private static final Access[] ACCESSES = Access.values();

  private final PersistentVcpu vcpu;
  private final Pace pace;
  private final BooleanSupplier goesOn;
  private long givenUp;

  GuestThread(VcpuStream stream, PersistentVcpu vcpu, int repeat, Pace pace, RunState state) {
    super(stream, repeat, SLICE, state);
    this.vcpu = vcpu;
    this.pace = pace;
    this.goesOn = () -> !state.isStopped();
  }

  GuestVcpu vcpu() {
    return vcpu.vcpu();
  }

  StampedVcpu stamped() {
    return vcpu.stamped();
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
    switch (vcpu.make(gfn, access(GuestAccess.bits(packed)), goesOn)) {
      case MADE, SHARED -> {
        return true;
      }
      case GIVEN_UP -> {
        givenUp++;
        return true;
      }
      case MMIO ->
          state()
              .fail(
                  String.format(
                      "%s: exit MMIO at 0x%x: no memory slot answers it",
                      name(), gfn << Geometry.PAGE_SHIFT));
      case STOPPED -> {}
    }
    return false;
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
