package dev.septum.jmh;

import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
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

/**
 * What the promotion of a block costs, in ns for each, with all that it makes the module do: BLOCK,
 * TRACK, kick, PROMOTE, WBINVD. One request, and one exclusive hold, for each block; the vCPU is
 * out of the guest. Between two rounds all blocks are split again, outside the measured part.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class PromotionPaths {
  private static final int BLOCK = 512;
  private static final int LARGE_BLOCKS = 512;
  private static final int HUGE_BLOCKS = 4;
  private static final int MAX_TABLES = 1 << 13;

  /** A TD that has accepted its memory, and the blocks that it is promoted in. */
  @State(Scope.Thread)
  public abstract static class Machine {
    private final int level;
    private final GfnRange[] blocks;
    private VirtualMachine vm;
    private Walker walker;
    private GfnRange memory;

    Machine(int level, int blocks) {
      this.level = level;
      this.blocks = new GfnRange[blocks];
    }

    /** Makes the TD; its guest accepts everything in 2M. */
    @Setup
    public void create() {
      long pages = Geometry.FOUR_LEVEL.pages(level);
      memory = GfnRange.ofPages(0, blocks.length * pages);
      vm =
          VirtualMachine.builder()
              .maxTables(MAX_TABLES)
              .trustDomain(TrustDomainOptions.DEFAULT.withHostPages(memory.pages()))
              .build();
      vm.addSlot(memory, PageLevel.of(level));
      vm.trustDomain().convertToPrivate(memory);
      TrustDomainVcpu vcpu = (TrustDomainVcpu) vm.newVcpu();
      vm.trustDomain().finalizeBuild();
      for (long gfn = 0; gfn < memory.end(); gfn += BLOCK) {
        check(
            vcpu.accept(gfn << Geometry.PAGE_SHIFT, PageLevel.LEVEL_2M) == SeamcallStatus.SUCCESS);
      }
      for (int i = 0; i < blocks.length; i++) {
        blocks[i] = GfnRange.ofPages(i * pages, pages);
      }
      walker = vm.mmu().newWalker();
    }

    /** Splits what is one leaf into the leaves of the level below. */
    @Setup(Level.Invocation)
    public void split() {
      long unused = vm.mmu().splitMirror(walker, memory, level - 1);
      check(vm.mapped(PageLevel.of(level)) == 0);
    }

    /** Ends the TD. */
    @TearDown
    public void close() {
      walker.close();
      vm.close();
    }

    final void promoteAll() {
      for (GfnRange block : blocks) {
        check(vm.trustDomain().promote(block, PageLevel.of(level)) == 1);
      }
    }

    private static void check(boolean done) {
      if (!done) {
        throw new IllegalStateException("an operation did not do what it is measured for");
      }
    }
  }

  /** Blocks of 2M. */
  public static class Large extends Machine {
    /** 1 GiB of them. */
    public Large() {
      super(PageLevel.PG_2M, LARGE_BLOCKS);
    }
  }

  /** Blocks of 1G. */
  public static class Huge extends Machine {
    /** 4 GiB of them. */
    public Huge() {
      super(PageLevel.PG_1G, HUGE_BLOCKS);
    }
  }

  /** 512 pages of 4K become one of 2M. */
  @Benchmark
  @OperationsPerInvocation(LARGE_BLOCKS)
  public void promote2m(Large state) {
    state.promoteAll();
  }

  /** 512 pages of 2M become one of 1G. */
  @Benchmark
  @OperationsPerInvocation(HUGE_BLOCKS)
  public void promote1g(Huge state) {
    state.promoteAll();
  }
}
