package dev.septum.jmh.lock;

import dev.septum.jmh.SeptumPaths;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Control;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * What a whole fault costs under each lock, in ns of one thread; all else is the same.
 *
 * <p>{@code -t 512} has 512 threads fault in turn on the CPUs there are. {@code -p holders=510 -p
 * lock=BIASED,STAMPED,READ_WRITE -t 2} has 510 of them hold the lock, parked, while two fault; a
 * coarse lock has one holder, and is to be left out.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 5, jvmArgsAppend = SeptumPaths.INLINING)
public class FaultLockPaths {
  /** A tree with a lock of one kind. */
  public static class Machine extends FaultRound.Tree {
    /** The lock. */
    @Param public LockKind lock;

    /** Threads that hold it meanwhile. */
    @Param("0")
    public int holders;

    @Override
    LockKind lock() {
      return lock;
    }

    @Override
    int holders() {
      return holders;
    }
  }

  /** One thread. */
  public static class Faults extends FaultRound {
    /** Joins. */
    @Setup
    public void enter(Machine machine, ThreadParams params) {
      join(machine, params);
    }
  }

  /** A fault of a fresh 4K page. */
  @Benchmark
  @OperationsPerInvocation(FaultRound.FAULTS)
  public void fault4k(Faults state, Control control) {
    if (state.plays(control)) {
      state.faultAll();
    }
  }
}
