package dev.septum.jmh;

import dev.septum.paging.Access;
import dev.septum.tdx.GuestOutcome;
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
 * What each leaf function about small pages, or about the TD as a whole, costs, in ns per operation
 * of one thread.
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
public class TdxPaths {
  private static final int CALLS = 10_000;

  /** A TD that runs, in which nothing is mapped. */
  public static class Running extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
    }

    @Override
    protected void reset() {}
  }

  /** A TD in its build, in which nothing is mapped. */
  public static class Building extends TdxWorker {
    @Override
    protected void fill() {
      machine.each4k(TdxLeaf.MEM_PAGE_ADD);
    }

    @Override
    protected void reset() {
      machine.each4k(TdxLeaf.MEM_PAGE_REMOVE);
    }
  }

  /** Pages to be added. */
  public static class Unmapped extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.each4k(TdxLeaf.MEM_PAGE_AUG);
    }

    @Override
    protected void reset() {
      machine.block4k();
      machine.each4k(TdxLeaf.MEM_PAGE_REMOVE);
    }
  }

  /** Pages to be accepted, and the vCPUs inside. */
  public static class Pending extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.each4k(TdxLeaf.MEM_PAGE_AUG);
    }

    @Override
    protected void reset() {
      machine.leaveAll();
      machine.block4k();
      machine.each4k(TdxLeaf.MEM_PAGE_REMOVE);
      machine.each4k(TdxLeaf.MEM_PAGE_AUG);
      machine.enterAll();
    }
  }

  /** Pages that are accepted, and the vCPUs inside. */
  public static class Mapped extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.map4k();
    }

    @Override
    protected void reset() {}
  }

  /** Pages that are accepted, to be blocked. */
  public static class Unblocked extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.map4k();
      machine.leaveAll();
      machine.each4k(TdxLeaf.MEM_RANGE_BLOCK);
    }

    @Override
    protected void reset() {
      machine.track();
      machine.each4k(TdxLeaf.MEM_RANGE_UNBLOCK);
    }
  }

  /** Pages that are accepted, blocked and tracked. */
  public static class Blocked extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.map4k();
      machine.leaveAll();
    }

    @Override
    protected void reset() {
      machine.block4k();
    }
  }

  /** Pages that are blocked and tracked, and to be moved. */
  public static class Moved extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
      machine.map4k();
      machine.leaveAll();
    }

    @Override
    protected void reset() {
      machine.block4k();
      machine.move();
    }
  }

  /** Pages that are blocked and tracked, to be removed. */
  public static class Removed extends TdxWorker {
    @Override
    protected void fill() {
      machine.finish();
    }

    @Override
    protected void reset() {
      machine.each4k(TdxLeaf.MEM_PAGE_AUG);
      machine.block4k();
    }
  }

  /** TDH.MEM.PAGE.ADD, which has the TD to itself: two threads lose tries to each other. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void pageAdd(Building state, Control control) {
    if (state.plays(control)) {
      state.each4k(TdxLeaf.MEM_PAGE_ADD);
    }
  }

  /** TDH.MEM.PAGE.AUG. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void pageAug4k(Unmapped state, Control control) {
    if (state.plays(control)) {
      state.each4k(TdxLeaf.MEM_PAGE_AUG);
    }
  }

  /** TDG.MEM.PAGE.ACCEPT; the zeroing is not in it. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void accept4k(Pending state, Control control) {
    if (state.plays(control)) {
      for (int i = 0; i < TdxMachine.SMALL; i++) {
        state.machine.accept(state.vcpu, TdxMachine.gpa4k(state.part, i));
      }
    }
  }

  /** A guest's access that is not in its TLB, to an accepted page. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void access(Mapped state, Control control) {
    if (state.plays(control)) {
      for (int i = 0; i < TdxMachine.SMALL; i++) {
        long gpa = TdxMachine.gpa4k(state.part, i);
        if (state.machine.module.guest().access(state.vcpu, gpa, Access.WRITE.bit(), state.call)
            != GuestOutcome.RETURNED) {
          throw new IllegalStateException("gpa " + gpa + " is not mapped");
        }
      }
    }
  }

  /** TDH.MEM.SEPT.RD. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void septRead(Mapped state, Control control) {
    if (state.plays(control)) {
      state.each4k(TdxLeaf.MEM_SEPT_RD);
    }
  }

  /** TDH.MEM.RANGE.BLOCK, which has the tree to itself. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void rangeBlock(Unblocked state, Control control) {
    if (state.plays(control)) {
      state.each4k(TdxLeaf.MEM_RANGE_BLOCK);
    }
  }

  /** TDH.MEM.RANGE.UNBLOCK, which has the tree to itself. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void rangeUnblock(Blocked state, Control control) {
    if (state.plays(control)) {
      state.each4k(TdxLeaf.MEM_RANGE_UNBLOCK);
    }
  }

  /** TDH.MEM.PAGE.RELOCATE; the copying is not in it. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void pageRelocate(Moved state, Control control) {
    if (state.plays(control)) {
      state.each4k(TdxLeaf.MEM_PAGE_RELOCATE);
    }
  }

  /** TDH.MEM.PAGE.REMOVE. */
  @Benchmark
  @OperationsPerInvocation(TdxMachine.SMALL)
  public void pageRemove(Removed state, Control control) {
    if (state.plays(control)) {
      state.each4k(TdxLeaf.MEM_PAGE_REMOVE);
    }
  }

  /** TDH.MEM.TRACK, with nobody inside; it has the epoch to itself. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void track(Running state, Control control) {
    if (state.plays(control)) {
      for (int i = 0; i < CALLS; i++) {
        state.run(TdxLeaf.MEM_TRACK, state.machine.td.tdr());
      }
    }
  }

  /** TDH.VP.ENTER, and the exit. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void enterAndExit(Running state, Control control) {
    if (state.plays(control)) {
      for (int i = 0; i < CALLS; i++) {
        state.run(TdxLeaf.VP_ENTER, state.vcpu.tdvpr());
        state.machine.module.guest().exit(state.vcpu, 0);
      }
    }
  }
}
