package dev.septum.jmh;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.VirtualMachine;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a host thread's calls on a whole machine cost, one thread, nothing else running. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class HostPaths {
  private static final int PAGES = 262_144;
  private static final GfnRange MEMORY = GfnRange.ofPages(0, PAGES);
  private static final int LARGE_PAGES = 64;
  private static final GfnRange LARGE_MEMORY = GfnRange.ofPages(0, (long) LARGE_PAGES * PAGES);

  /** 64 GiB in pages of 1G, whole. */
  @State(Scope.Thread)
  public static class Whole {
    final VirtualMachine vm = VirtualMachine.builder().build();

    /** Maps. */
    @Setup
    public void map() {
      vm.addSlot(LARGE_MEMORY, PageLevel.LEVEL_1G);
      vm.prefault(LARGE_MEMORY);
    }

    /** Makes them whole again. */
    @Setup(Level.Invocation)
    public void reset() {
      vm.merge(LARGE_MEMORY, PageLevel.LEVEL_1G);
    }

    /** Ends. */
    @TearDown
    public void close() {
      vm.close();
    }
  }

  /** 64 GiB in pages of 1G, split into 2M. */
  public static class Divided extends Whole {
    @Override
    public void reset() {
      vm.split(LARGE_MEMORY, PageLevel.LEVEL_2M);
    }
  }

  /** 1 GiB, of which nothing is mapped. */
  @State(Scope.Thread)
  public static class Empty {
    private final VirtualMachine vm = VirtualMachine.builder().build();

    /** Adds it. */
    @Setup
    public void add() {
      vm.addSlot(MEMORY, PageLevel.LEVEL_4K);
    }

    /** Unmaps it. */
    @Setup(Level.Invocation)
    public void reset() {
      vm.zap(MEMORY);
    }

    /** Ends. */
    @TearDown
    public void close() {
      vm.close();
    }
  }

  /** Splits a 1G leaf into 2M. */
  @Benchmark
  @OperationsPerInvocation(LARGE_PAGES)
  public long split1g(Whole state) {
    return state.vm.split(LARGE_MEMORY, PageLevel.LEVEL_2M);
  }

  /** Merges 2M leaves into a 1G leaf. */
  @Benchmark
  @OperationsPerInvocation(LARGE_PAGES)
  public long merge1g(Divided state) {
    return state.vm.merge(LARGE_MEMORY, PageLevel.LEVEL_1G);
  }

  /** Maps a page of 4K before it is touched. */
  @Benchmark
  @OperationsPerInvocation(PAGES)
  public long prefault4k(Empty state) {
    return state.vm.prefault(MEMORY);
  }
}
