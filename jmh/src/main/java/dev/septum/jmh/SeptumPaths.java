package dev.septum.jmh;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.vm.VirtualMachine;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What each path of a normal VM costs, in ns per operation. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class SeptumPaths {
  private static final long PAGES = 262_144;
  private static final int TRANSLATIONS = 500_000;

  /** A machine with 1 GiB mapped in pages of 4K. */
  @State(Scope.Benchmark)
  public static class Mapped {
    private VirtualMachine vm;

    /** Maps. */
    @Setup
    public void map() {
      vm = VirtualMachine.builder().geometry(Geometry.FOUR_LEVEL).build();
      GfnRange memory = GfnRange.ofPages(0, PAGES);
      vm.addSlot(memory, PageLevel.LEVEL_4K);
      vm.prefault(memory);
    }

    /** Ends. */
    @TearDown
    public void close() {
      vm.close();
    }
  }

  /** A thread that walks. */
  @State(Scope.Thread)
  public static class Walking {
    private TdpMmu mmu;
    private Walker walker;
    private long random;

    /** Joins the machine. */
    @Setup
    public void join(Mapped mapped) {
      mmu = mapped.vm.mmu();
      walker = mmu.newWalker();
      random = 88_172_645_463_325_252L + Thread.currentThread().getId() * 7919;
    }

    /** Leaves it. */
    @TearDown
    public void leave() {
      walker.close();
    }

    private long nextGfn() {
      random ^= random << 13;
      random ^= random >>> 7;
      random ^= random << 17;
      return random & (PAGES - 1);
    }
  }

  /** A lock-free walk to a random mapped page, inside one read section. */
  @Benchmark
  @OperationsPerInvocation(TRANSLATIONS)
  public long translate(Walking state) {
    state.walker.section().open();
    long sum = 0;
    for (int i = 0; i < TRANSLATIONS; i++) {
      sum += state.mmu.walk(state.walker, state.nextGfn());
    }
    state.walker.section().close();
    return sum;
  }
}
