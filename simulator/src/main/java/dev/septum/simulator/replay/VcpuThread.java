package dev.septum.simulator.replay;

import dev.septum.paging.Geometry;
import dev.septum.simulator.input.AccessLog;
import dev.septum.simulator.input.VcpuStream;
import dev.septum.vm.GuestAccess;
import dev.septum.vm.Vcpu;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Makes one vCPU's accesses, as often as wanted, in slices.
 *
 * <p>Between two slices the vCPU is out of the guest, and there the thread can be stopped and gives
 * its CPU away. It matters where there are more vCPUs than CPUs: one that loses its CPU in the
 * guest holds up every flush until it has it back.
 */
final class VcpuThread implements Runnable {
  private static final int SLICE = 1 << 12;
  private static final VarHandle DONE;

  static {
    try {
      DONE = MethodHandles.lookup().findVarHandle(VcpuThread.class, "done", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final VcpuStream stream;
  private final Vcpu vcpu;
  private final int repeat;
  private final RunState state;
  private long done;

  VcpuThread(VcpuStream stream, Vcpu vcpu, int repeat, RunState state) {
    this.stream = stream;
    this.vcpu = vcpu;
    this.repeat = repeat;
    this.state = state;
  }

  String name() {
    return "vCPU " + stream.vcpu();
  }

  Vcpu vcpu() {
    return vcpu;
  }

  AccessLog log() {
    return stream.log();
  }

  /** Accesses made so far; exact after a join. */
  long done() {
    return (long) DONE.getOpaque(this);
  }

  @Override
  public void run() {
    for (int round = 0; round < repeat && !state.isStopped(); round++) {
      AccessLog log = stream.log();
      for (int number = 0; number < log.chunks() && !state.isStopped(); number++) {
        runChunk(log.chunk(number), log.used(number));
      }
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // see the class comment
  private void runChunk(long[] accesses, int end) {
    for (int at = 0; at < end && !state.isStopped(); ) {
      int to = Math.min(at + SLICE, end);
      int reached = vcpu.run(accesses, at, to);
      DONE.setOpaque(this, done + (reached - at));
      if (reached < to) {
        state.fail(
            String.format(
                "%s: exit %s at 0x%x: no memory slot answers it",
                name(), vcpu.exit(), GuestAccess.gfn(accesses[reached]) << Geometry.PAGE_SHIFT));
      }
      at = reached;
      Thread.yield();
    }
  }
}
