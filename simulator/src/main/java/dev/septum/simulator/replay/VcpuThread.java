package dev.septum.simulator.replay;

import dev.septum.simulator.input.AccessLog;
import dev.septum.simulator.input.VcpuStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;

/**
 * Makes one vCPU's accesses, as often as wanted, in slices.
 *
 * <p>Between two slices the vCPU is out of the guest, and there the thread can be stopped and gives
 * its CPU away. It matters where there are more vCPUs than CPUs: one that loses its CPU in the
 * guest holds up every flush until it has it back.
 */
abstract class VcpuThread implements Runnable {
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();
  private static final VarHandle DONE;

  static {
    try {
      DONE = MethodHandles.lookup().findVarHandle(VcpuThread.class, "done", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final VcpuStream stream;
  private final int slice;
  private final int repeat;
  private final RunState state;
  private long done;
  private long nanos;

  VcpuThread(VcpuStream stream, int repeat, int slice, RunState state) {
    this.stream = stream;
    this.slice = slice;
    this.repeat = repeat;
    this.state = state;
  }

  final String name() {
    return "vCPU " + stream.vcpu();
  }

  final RunState state() {
    return state;
  }

  final AccessLog log() {
    return stream.log();
  }

  /** Accesses made so far; exact after a join. */
  final long done() {
    return (long) DONE.getOpaque(this);
  }

  /** How it got on; exact after a join. */
  final ReplayResult.Vcpu outcome() {
    return new ReplayResult.Vcpu(
        stream.vcpu(), done(), nanos / (double) TimeUnit.SECONDS.toNanos(1));
  }

  @Override
  public final void run() {
    long begun = now();
    try {
      runAll();
    } finally {
      nanos = now() - begun;
    }
  }

  private static long now() {
    return CLOCK.isCurrentThreadCpuTimeSupported()
        ? CLOCK.getCurrentThreadCpuTime()
        : System.nanoTime();
  }

  private void runAll() {
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
      int reached = runSlice(accesses, at, Math.min(at + slice, end));
      DONE.setOpaque(this, done + (reached - at));
      at = reached;
      Thread.yield();
    }
  }

  /**
   * Makes accesses, and is out of the guest afterwards.
   *
   * @return how far it came; if that is not {@code to}, the run has failed
   */
  abstract int runSlice(long[] accesses, int from, int to);
}
