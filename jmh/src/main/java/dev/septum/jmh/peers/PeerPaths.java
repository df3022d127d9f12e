package dev.septum.jmh.peers;

import dev.septum.jmh.Barrier;
import dev.septum.jmh.RoundWorker;
import dev.septum.jmh.SeptumPaths;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.Control;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * What the operations of a page table cost Septum and its peers, in ns per page of one thread.
 *
 * <p>An invocation is a round: each thread has {@value #PAGES} pages of its own. {@code -p
 * mix=DENSE,SPARSE,HUGE} for all ways in which they lie; {@code -t 2} for two threads.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 5, jvmArgsAppend = SeptumPaths.INLINING)
public class PeerPaths {
  private static final int PAGES = 1 << 16;

  /** A peer, and the threads' meeting point. */
  @State(Scope.Benchmark)
  public static class Machine {
    /** Who is measured. */
    @Param public Peer peer;

    /** How the pages lie. */
    @Param("DENSE")
    public Mix mix;

    private PageMap map = Peer.SEPTUM.newMap();
    private Barrier barrier = new Barrier(1);
    private int threads;

    /** An empty one. */
    @Setup
    public void create(BenchmarkParams params) {
      map = peer.newMap();
      threads = params.getThreads();
      barrier = new Barrier(threads);
    }

    /** Nobody is at the barrier: an iteration begins. */
    @Setup(Level.Iteration)
    public void meet() {
      barrier.reset();
    }
  }

  /** One thread and its pages. */
  public abstract static class Worker extends RoundWorker {
    private Machine machine = new Machine();
    private PageMap.View view = machine.map.newView();
    private Mix mix = Mix.DENSE;
    private int[] inOrder = {};
    private int[] shuffled = {};
    private int start;

    /** Joins the machine; the first thread fills it. */
    @Setup
    public void enter(Machine joined, ThreadParams params) {
      machine = joined;
      view = joined.map.newView();
      mix = joined.mix;
      start = params.getThreadIndex() * PAGES * mix.stride;
      inOrder = new int[PAGES];
      for (int i = 0; i < PAGES; i++) {
        inOrder[i] = start + i * mix.stride;
      }
      shuffled = inOrder.clone();
      Random random = new Random(params.getThreadIndex());
      for (int i = PAGES - 1; i > 0; i--) {
        int other = random.nextInt(i + 1);
        int gfn = shuffled[i];
        shuffled[i] = shuffled[other];
        shuffled[other] = gfn;
      }
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
      view.close();
    }

    final void mapAll() {
      int pages = machine.threads * PAGES;
      for (int i = 0; i < pages; i++) {
        if (!view.fault((long) i * mix.stride, mix.level)) {
          throw new IllegalStateException("page " + i + " was mapped already");
        }
      }
    }

    final void removeAll() {
      check(
          view.zap(0, (long) machine.threads * PAGES * mix.stride), (long) machine.threads * PAGES);
    }
  }

  /** Pages that are not mapped; tables of Septum and of the radix tree are there. */
  public static class Unmapped extends Worker {
    @Override
    protected void fill() {
      mapAll();
    }

    @Override
    protected void reset() {
      removeAll();
    }
  }

  /** Pages that are to be removed in each round. */
  public static class Removed extends Worker {
    @Override
    protected void fill() {}

    @Override
    protected void reset() {
      mapAll();
    }
  }

  /** Pages that stay mapped. */
  public static class Mapped extends Worker {
    @Override
    protected void fill() {
      mapAll();
    }

    @Override
    protected void reset() {}
  }

  /** Maps pages that are not mapped, one after the other. */
  @Benchmark
  @OperationsPerInvocation(PAGES)
  public void fault(Unmapped state, Control control) {
    if (!state.plays(control)) {
      return;
    }
    Worker worker = state;
    PageMap.View view = worker.view;
    int level = worker.mix.level;
    int mapped = 0;
    for (int gfn : worker.inOrder) {
      mapped += view.fault(gfn, level) ? 1 : 0;
    }
    check(mapped, PAGES);
  }

  /** Looks mapped pages up, in an order that nobody can guess. */
  @Benchmark
  @OperationsPerInvocation(PAGES)
  public long translateRandom(Mapped state, Control control) {
    Worker worker = state;
    return worker.plays(control) ? worker.view.translateAll(worker.shuffled) : 0;
  }

  /** Looks mapped pages up, one after the other. */
  @Benchmark
  @OperationsPerInvocation(PAGES)
  public long translateSequential(Mapped state, Control control) {
    Worker worker = state;
    return worker.plays(control) ? worker.view.translateAll(worker.inOrder) : 0;
  }

  /** Removes a range, one call for all pages of a thread. */
  @Benchmark
  @OperationsPerInvocation(PAGES)
  public void zap(Removed state, Control control) {
    if (state.plays(control)) {
      Worker worker = state;
      check(worker.view.zap(worker.start, (long) PAGES * worker.mix.stride), PAGES);
    }
  }

  private static void check(long done, long expected) {
    if (done != expected) {
      throw new IllegalStateException("did " + done + " operations of " + expected);
    }
  }
}
