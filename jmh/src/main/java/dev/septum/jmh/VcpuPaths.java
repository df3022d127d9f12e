package dev.septum.jmh;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.GuestAccess;
import dev.septum.vm.Vcpu;
import dev.septum.vm.VirtualMachine;
import java.util.Random;
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

/** What an access of a running vCPU costs: in its TLB, and past it. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class VcpuPaths {
  private static final int ACCESSES = 100_000;
  private static final GfnRange MEMORY = GfnRange.ofPages(0, 262_144);

  /** 1 GiB, mapped in pages of 4K. */
  @State(Scope.Benchmark)
  public static class Machine {
    private final VirtualMachine vm = VirtualMachine.builder().build();

    /** Maps. */
    @Setup
    public void map() {
      vm.addSlot(MEMORY, PageLevel.LEVEL_4K);
      vm.prefault(MEMORY);
    }

    /** Ends. */
    @TearDown
    public void close() {
      vm.close();
    }
  }

  /** A vCPU with writes to make, spread over some pages. */
  @State(Scope.Thread)
  public abstract static class Guest {
    private final long[] accesses = new long[ACCESSES];
    private Vcpu vcpu;

    /** Chooses the pages; makes each access once. */
    @Setup
    public void choose(Machine machine) {
      Random random = new Random(1);
      for (int i = 0; i < ACCESSES; i++) {
        long gfn = random.nextInt(pages());
        accesses[i] = GuestAccess.of(gfn << Geometry.PAGE_SHIFT, Access.WRITE);
      }
      vcpu = machine.vm.newVcpu();
      run();
    }

    /** Ends. */
    @TearDown
    public void close() {
      vcpu.close();
    }

    /** Pages that are touched. */
    abstract int pages();

    final int run() {
      return vcpu.run(accesses, 0, ACCESSES);
    }
  }

  /** Pages that fit into the TLB. */
  public static class Few extends Guest {
    @Override
    int pages() {
      return 256;
    }
  }

  /** Pages that hardly ever do. */
  public static class Many extends Guest {
    @Override
    int pages() {
      return (int) MEMORY.pages();
    }
  }

  /** An access whose translation is in the TLB. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public int accessHit(Few state) {
    return state.run();
  }

  /** An access that walks, and fills the TLB. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public int accessMiss(Many state) {
    return state.run();
  }
}
