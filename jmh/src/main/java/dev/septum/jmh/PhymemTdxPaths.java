package dev.septum.jmh;

import dev.septum.paging.Geometry;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.Control;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * What each leaf function about host pages costs, in ns per operation of one thread.
 *
 * <p>An invocation is a round: the threads start together, each makes its operations, on pages of
 * its own; then one thread undoes what they did, behind a barrier, outside the measured part. What
 * an operation is when a lock is busy, {@link TdxWorker} says.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class PhymemTdxPaths {
  private static final int PAIRS = 10_000;

  /** Pages that belong to nobody. */
  public static class Free extends TdxWorker {
    @Override
    protected void fill() {}

    @Override
    protected void reset() {}
  }

  /** Pages that are mapped. */
  public static class Mapped extends TdxWorker {
    @Override
    protected void fill() {
      machine.each4k(TdxLeaf.MEM_PAGE_AUG);
    }

    @Override
    protected void reset() {}
  }

  /** Pages of a TD that is torn down; it is made anew for each round. */
  public static class TornDown extends TdxWorker {
    @Override
    protected void fill() {
      machine.tearDown();
    }

    @Override
    protected void reset() {
      machine.rebuild();
      machine.each4k(TdxLeaf.MEM_PAGE_AUG);
      machine.tearDown();
    }
  }

  /** A module with dynamic PAMT, without a TD. */
  @State(Scope.Benchmark)
  public static class Dynamic {
    private TdxModule module;

    /** Makes it, with 1 GiB for each thread. */
    @Setup
    public void create(BenchmarkParams params) {
      long gig = Geometry.FOUR_LEVEL.pages(3);
      module =
          new TdxModule(
              ModuleConfig.newest(Geometry.FOUR_LEVEL, gig, params.getThreads() * gig)
                  .withDynamicPamt(true));
    }
  }

  /** One thread's range of 2M, and the page pair for it. */
  @State(Scope.Thread)
  public static class Range {
    private final SeamcallRegisters call = new SeamcallRegisters();
    private TdxModule module;
    private long range;
    private long first;
    private long second;

    /** Joins. */
    @Setup
    public void join(Dynamic dynamic, ThreadParams params) {
      long gig = Geometry.FOUR_LEVEL.pages(3) << Geometry.PAGE_SHIFT;
      module = dynamic.module;
      range = (1L + params.getThreadIndex()) * gig;
      first = range + gig / 2;
      second = first + (1L << Geometry.PAGE_SHIFT);
    }

    private void run(TdxLeaf leaf) {
      call.rdx = first;
      call.r8 = second;
      TdxMachine.check(leaf, module.seamcall(call, leaf, range | TdxMachine.PG_2M));
    }
  }

  /** TDH.PHYMEM.PAGE.RDMD of a page that is mapped. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void readMetadata(Mapped state, Control control) {
    if (state.plays(control)) {
      state.eachPage4k(TdxLeaf.PHYMEM_PAGE_RDMD);
    }
  }

  /** TDH.PHYMEM.PAGE.WBINVD of a free page; the writing back is not in it. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void writeBack(Free state, Control control) {
    if (state.plays(control)) {
      state.eachPage4k(TdxLeaf.PHYMEM_PAGE_WBINVD);
    }
  }

  /** TDH.PHYMEM.PAGE.RECLAIM of a small page. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void reclaim(TornDown state, Control control) {
    if (state.plays(control)) {
      state.eachPage4k(TdxLeaf.PHYMEM_PAGE_RECLAIM);
    }
  }

  /** TDH.PHYMEM.PAMT.ADD of a page pair, and TDH.PHYMEM.PAMT.REMOVE. */
  @Benchmark
  @OperationsPerInvocation(PAIRS)
  public void pamtAddAndRemove(Range state) {
    for (int i = 0; i < PAIRS; i++) {
      state.run(TdxLeaf.PHYMEM_PAMT_ADD);
      state.run(TdxLeaf.PHYMEM_PAMT_REMOVE);
    }
  }
}
