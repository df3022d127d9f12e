package dev.septum.jmh.lock;

import dev.septum.jmh.SeptumPaths;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.Control;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * What one cache line costs that the faults of two threads both write, in ns of one thread.
 *
 * <p>Each fault counts itself, in an element of its thread's own: 128 bytes from the other's, as
 * all is that a fault writes, or beside it. One thread has no other: it shows what counting costs.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 5, jvmArgsAppend = SeptumPaths.INLINING)
public class SharedLinePaths {
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  /** Elements in 128 bytes. */
  private static final int APART = 16;

  /** A tree with the engine's lock, and the counts. */
  public static class Machine extends FaultRound.Tree {
    @Override
    LockKind lock() {
      return LockKind.BIASED;
    }

    @Override
    int holders() {
      return 0;
    }
  }

  /** The threads' counts. */
  @State(Scope.Benchmark)
  public static class Counts {
    /** How many elements from one thread's count to the next's; 1 is the broken variant. */
    @Param({"16", "1"})
    public int stride;

    private long[] counts = {};

    /** Makes them. */
    @Setup
    public void create(BenchmarkParams params) {
      counts = new long[APART + params.getThreads() * stride + APART];
    }
  }

  /** One thread. */
  public static class Faults extends FaultRound {
    private int slot;

    /** Joins. */
    @Setup
    public void enter(Machine machine, Counts counts, ThreadParams params) {
      join(machine, params);
      slot = APART + params.getThreadIndex() * counts.stride;
    }
  }

  /** A fault of a fresh 4K page that is counted. */
  @Benchmark
  @OperationsPerInvocation(FaultRound.FAULTS)
  public void faultAndCount(Faults state, Counts counts, Control control) {
    if (state.plays(control)) {
      state.faultAll(counts.counts, state.slot);
    }
  }

  static void countOpaque(long[] counts, int slot) {
    LONGS.setOpaque(counts, slot, counts[slot] + 1);
  }
}
