package dev.septum.jmh;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.Vcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What operations cost that get in each other's way. Two threads. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class ContendedPaths {
  private static final GfnRange BLOCK = GfnRange.ofPages(0, 512);
  private static final GfnRange PAGE = GfnRange.ofPages(7, 1);

  /** A machine with one block of memory. */
  @State(Scope.Group)
  public static class Machine {
    private final VirtualMachine vm = VirtualMachine.builder().build();

    /** Adds the memory. */
    @Setup
    public void add() {
      vm.addSlot(BLOCK, PageLevel.LEVEL_4K);
    }

    /** Ends. */
    @TearDown
    public void close() {
      vm.close();
    }
  }

  /** A vCPU that goes through the block, page by page. */
  @State(Scope.Thread)
  public static class Guest {
    private Vcpu vcpu;
    private long gfn;

    /** Joins. */
    @Setup
    public void join(Machine machine) {
      vcpu = machine.vm.newVcpu();
    }

    /** Ends. */
    @TearDown
    public void close() {
      vcpu.close();
    }

    private VcpuExit touch(long where) {
      return vcpu.access(where << Geometry.PAGE_SHIFT, Access.WRITE);
    }

    private VcpuExit touchNext() {
      gfn = (gfn + 1) % BLOCK.pages();
      return touch(gfn);
    }
  }

  /** A write to a page that another thread unmaps all the time. */
  @Benchmark
  @Group("onePage")
  public VcpuExit faultOnePage(Machine machine, Guest guest) {
    return guest.touch(PAGE.start());
  }

  /** Unmaps the page that the other thread writes to. */
  @Benchmark
  @Group("onePage")
  public long zapOnePage(Machine machine) {
    return machine.vm.zap(PAGE);
  }

  /** A write to the next page of a block that another thread unmaps all the time. */
  @Benchmark
  @Group("block")
  public VcpuExit faultUnderZap(Machine machine, Guest guest) {
    return guest.touchNext();
  }

  /** Unmaps the block: the flush waits for the vCPU, the vCPU for the lock. */
  @Benchmark
  @Group("block")
  public long zapUnderFaults(Machine machine) {
    return machine.vm.zap(BLOCK);
  }
}
