package dev.septum.jmh;

import dev.septum.tdx.TdxLeaf;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Control;

/**
 * What each leaf function about tables and large pages costs, in ns per operation of one thread.
 *
 * <p>An invocation is a round: the threads start together, each makes its operations, on addresses
 * and pages of its own in one TD; then one thread undoes what they did, behind a barrier, outside
 * the measured part. What an operation is when a lock is busy, {@link TdxWorker} says.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class HugeTdxPaths {

  /** Places for tables. */
  public static class NoTable extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.each2m(TdxLeaf.MEM_SEPT_ADD);
    }

    @Override
    protected void reset() {
      machine.block2m();
      machine.each2m(TdxLeaf.MEM_SEPT_REMOVE);
    }
  }

  /** Empty tables, blocked and tracked. */
  public static class Table extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
    }

    @Override
    protected void reset() {
      machine.each2m(TdxLeaf.MEM_SEPT_ADD);
      machine.block2m();
    }
  }

  /** Large pages to be added. */
  public static class Unmapped extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.each2m(TdxLeaf.MEM_PAGE_AUG);
    }

    @Override
    protected void reset() {
      machine.block2m();
      machine.each2m(TdxLeaf.MEM_PAGE_REMOVE);
    }
  }

  /** Large pages to be accepted, and the vCPUs inside. */
  public static class Pending extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.each2m(TdxLeaf.MEM_PAGE_AUG);
    }

    @Override
    protected void reset() {
      machine.leaveAll();
      machine.block2m();
      machine.each2m(TdxLeaf.MEM_PAGE_REMOVE);
      machine.each2m(TdxLeaf.MEM_PAGE_AUG);
      machine.enterAll();
    }
  }

  /** Large pages, accepted, blocked and tracked. */
  public static class Whole extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.map2m();
      machine.block2m();
      machine.each2m(TdxLeaf.MEM_PAGE_DEMOTE);
    }

    @Override
    protected void reset() {
      machine.block2m();
      machine.each2m(TdxLeaf.MEM_PAGE_PROMOTE);
      machine.block2m();
    }
  }

  /** Full tables of accepted pages, blocked and tracked. */
  public static class Divided extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.map2m();
    }

    @Override
    protected void reset() {
      machine.block2m();
      machine.each2m(TdxLeaf.MEM_PAGE_DEMOTE);
      machine.block2m();
    }
  }

  /** TDH.MEM.SEPT.ADD. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.LARGE)
  public void septAdd(NoTable state, Control control) {
    if (state.plays(control)) {
      state.each2m(TdxLeaf.MEM_SEPT_ADD);
    }
  }

  /** TDH.MEM.SEPT.REMOVE, which has the tree to itself. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.LARGE)
  public void septRemove(Table state, Control control) {
    if (state.plays(control)) {
      state.each2m(TdxLeaf.MEM_SEPT_REMOVE);
    }
  }

  /** TDH.MEM.PAGE.AUG. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.LARGE)
  public void pageAug2m(Unmapped state, Control control) {
    if (state.plays(control)) {
      state.each2m(TdxLeaf.MEM_PAGE_AUG);
    }
  }

  /** TDG.MEM.PAGE.ACCEPT, with nothing to zero and nothing that interrupts. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.LARGE)
  public void accept2m(Pending state, Control control) {
    if (state.plays(control)) {
      for (int i = 0; i < TdxMachine.LARGE; i++) {
        state.machine.accept(state.vcpu, TdxMachine.gpa2m(state.part, i) | TdxMachine.PG_2M);
      }
    }
  }

  /** TDH.MEM.PAGE.DEMOTE. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.LARGE)
  public void pageDemote(Whole state, Control control) {
    if (state.plays(control)) {
      state.each2m(TdxLeaf.MEM_PAGE_DEMOTE);
    }
  }

  /** TDH.MEM.PAGE.PROMOTE, which has the tree to itself. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.LARGE)
  public void pagePromote(Divided state, Control control) {
    if (state.plays(control)) {
      state.each2m(TdxLeaf.MEM_PAGE_PROMOTE);
    }
  }
}
