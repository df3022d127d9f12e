package dev.septum.jmh.lock;

import dev.septum.jmh.Barrier;
import dev.septum.jmh.FreshPages;
import dev.septum.jmh.RoundWorker;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.ThreadParams;

/** Rounds in which each thread faults fresh 4K pages, in 2M blocks of its own. */
@State(Scope.Thread)
@SuppressWarnings({"NullAway", "NullAway.Init"}) // a subclass's setup calls join first
public abstract class FaultRound extends RoundWorker {
  /** What a thread faults in a round. */
  static final int FAULTS = 1 << 14;

  private static final int MAX_TABLES = 1 << 18;

  /** A tree, and the threads' meeting point. */
  @State(Scope.Benchmark)
  public abstract static class Tree {
    private TdpMmu mmu;
    private Barrier barrier;
    private SharedHolders holders;
    private GfnRange memory;

    /** The tree's lock. */
    abstract LockKind lock();

    /** How many threads more hold the lock, shared, while the others fault. */
    abstract int holders();

    /** An empty tree. */
    @Setup
    public void create(BenchmarkParams params) {
      mmu = FreshPages.newTree(MAX_TABLES, lock().newLock());
      barrier = new Barrier(params.getThreads());
      holders = new SharedHolders(lock(), mmu.lock(), holders());
      memory = GfnRange.ofPages(0, (long) params.getThreads() * FAULTS);
    }

    /** Nobody is at the barrier: an iteration begins. */
    @Setup(Level.Iteration)
    public void meet() {
      barrier.reset();
    }

    /** Tears it down. */
    @TearDown
    public void close() {
      holders.letGo();
      holders.close();
      mmu.close();
    }
  }

  private Tree machine;
  private TdpMmu mmu;
  private Walker walker;
  private final PageFault fault = new PageFault();

  final void join(Tree joined, ThreadParams params) {
    machine = joined;
    mmu = joined.mmu;
    walker = mmu.newWalker();
    join(params);
  }

  /** Starts a round. */
  @Setup(Level.Invocation)
  public void nextRound() {
    startAt(machine.barrier);
  }

  /** Leaves the machine. */
  @TearDown
  public void leave() {
    walker.close();
  }

  @Override
  protected void fill() {
    for (long gfn = 0; gfn < machine.memory.end(); gfn++) {
      FreshPages.map(mmu, walker, fault, gfn, PageLevel.PG_4K);
    }
    machine.holders.hold();
  }

  @Override
  protected void reset() {
    machine.holders.letGo();
    mmu.zap(walker, machine.memory);
    machine.holders.hold();
  }

  /** Faults this thread's pages. */
  final void faultAll() {
    TdpMmu tree = mmu;
    Walker vcpu = walker;
    PageFault now = fault;
    long end = (part + 1L) * FAULTS;
    for (long gfn = end - FAULTS; gfn < end; gfn++) {
      FreshPages.map(tree, vcpu, now, gfn, PageLevel.PG_4K);
    }
  }

  /** Faults this thread's pages, and counts each in an element of an array. */
  final void faultAll(long[] counts, int slot) {
    TdpMmu tree = mmu;
    Walker vcpu = walker;
    PageFault now = fault;
    long end = (part + 1L) * FAULTS;
    for (long gfn = end - FAULTS; gfn < end; gfn++) {
      FreshPages.map(tree, vcpu, now, gfn, PageLevel.PG_4K);
      SharedLinePaths.countOpaque(counts, slot);
    }
  }
}
