package dev.septum.simulator.replay;

import dev.septum.paging.Geometry;
import dev.septum.simulator.input.VcpuStream;
import dev.septum.vm.GuestAccess;
import dev.septum.vm.Vcpu;

/** The thread of a normal VM's vCPU, which stays in the guest for a whole slice. */
final class NormalThread extends VcpuThread {
  private static final int SLICE = 1 << 12;

  private final Vcpu vcpu;

  NormalThread(VcpuStream stream, Vcpu vcpu, int repeat, RunState state) {
    super(stream, repeat, SLICE, state);
    this.vcpu = vcpu;
  }

  @Override
  int runSlice(long[] accesses, int from, int to) {
    int reached = vcpu.run(accesses, from, to);
    if (reached < to) {
      state()
          .fail(
              String.format(
                  "%s: exit %s at 0x%x: no memory slot answers it",
                  name(), vcpu.exit(), GuestAccess.gfn(accesses[reached]) << Geometry.PAGE_SHIFT));
    }
    return reached;
  }
}
