package dev.septum.jmh;

import dev.septum.mmu.MappingLimits;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.Control;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * What each path of a normal VM costs, in ns per operation of one thread.
 *
 * <p>An invocation is a round: the threads start together, each makes its share of the operations,
 * and what they did is undone behind a barrier, outside the measured part. A thread's share is
 * always the same: half of the memory. So two threads make a whole round; one thread takes the
 * halves in turn, and more threads have more memory.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 5, jvmArgsAppend = SeptumPaths.INLINING)
public class SeptumPaths {
  /**
   * Lets HotSpot inline methods that it has compiled to up to 4,000 bytes, not only 2,500. A fault
   * is longer, and in a plain loop costs a third more if it has to be called; here it makes no
   * difference that was seen.
   */
  public static final String INLINING = "-XX:InlineSmallCode=4000";

  private static final int BLOCK = 512;
  private static final int MEMORY = 262_144;
  private static final int LARGE_PAGES = 4096;
  private static final int HALVES = 2;
  private static final int FAULTS = MEMORY / HALVES;
  private static final int LARGE = LARGE_PAGES / HALVES;
  private static final int TRANSLATIONS = 500_000;

  private static final int MAX_TABLES = 1 << 20;
  private static final MappingLimits UNLIMITED = (gfn, cap) -> cap;

  /** A tree, and the threads' meeting point. */
  @State(Scope.Benchmark)
  public static class Machine {
    private TdpMmu mmu;
    private Barrier barrier;
    private int threads;

    /** An empty tree. */
    @Setup
    public void create(BenchmarkParams params) {
      threads = params.getThreads();
      barrier = new Barrier(threads);
      mmu = FreshPages.newTree(MAX_TABLES, new BiasedMmuLock());
    }

    /** Nobody is at the barrier: an iteration begins. */
    @Setup(Level.Iteration)
    public void meet() {
      barrier.reset();
    }

    /** Tears the tree down. */
    @TearDown
    public void close() {
      mmu.close();
    }
  }

  /** One thread, its walker, and its part of each round. */
  @State(Scope.Thread)
  public abstract static class Worker {
    private Machine machine;
    private TdpMmu mmu;
    private Walker walker;
    private final PageFault fault = new PageFault();
    private boolean alone;
    private boolean first;

    /** This thread is number {@code part} of {@code parts} in this round. */
    private int part;

    private int parts;
    private boolean playing;
    private @Nullable Control control;

    /** Joins the machine; the first thread fills it. */
    @Setup
    public void join(Machine joined, ThreadParams params) {
      machine = joined;
      mmu = joined.mmu;
      walker = mmu.newWalker();
      alone = params.getThreadCount() == 1;
      first = params.getThreadIndex() == 0;
      parts = alone ? HALVES : params.getThreadCount();
      part = alone ? HALVES - 1 : params.getThreadIndex();
      prepare();
      if (first) {
        fill();
      }
    }

    /** Undoes the last round if it was a whole one, and starts together with the others. */
    @Setup(Level.Invocation)
    public void nextRound() {
      boolean allHere = machine.barrier.await(control);
      if (alone && !isWholeRound()) {
        part = HALVES - 1 - part;
      }
      if (allHere && first && (part == 0 || isWholeRound())) {
        reset();
      }
      playing = allHere && machine.barrier.await(control);
    }

    /**
     * Whether this thread takes part in this round; false only when it is not measured any more.
     */
    final boolean plays(Control now) {
      control = now;
      return playing;
    }

    /** Whether an invocation of one thread is a whole round. */
    boolean isWholeRound() {
      return false;
    }

    /** What each thread needs for itself. */
    void prepare() {}

    /** Leaves the machine. */
    @TearDown
    public void leave() {
      walker.close();
    }

    /** What is mapped before the first round. */
    abstract void fill();

    /** Puts everything as it was before a round; one thread does it for all. */
    abstract void reset();

    final long memory() {
      return (long) FAULTS * parts;
    }

    final int largePages() {
      return LARGE * parts;
    }

    final void map(long gfn, int level) {
      FreshPages.map(mmu, walker, fault, gfn, level);
    }

    final void mapMemory() {
      for (long gfn = 0; gfn < memory(); gfn++) {
        map(gfn, PageLevel.PG_4K);
      }
    }

    final void mapLargePages() {
      for (int page = 0; page < largePages(); page++) {
        map((long) page * BLOCK, PageLevel.PG_2M);
      }
    }

    final long zap(long pages) {
      return mmu.zap(walker, GfnRange.ofPages(0, pages));
    }

    final long split(GfnRange range) {
      return mmu.split(walker, range, PageLevel.PG_4K, false);
    }

    final long merge(GfnRange range) {
      return mmu.merge(walker, range, PageLevel.PG_2M, UNLIMITED);
    }

    final GfnRange allLargePages() {
      return GfnRange.ofPages(0, (long) largePages() * BLOCK);
    }
  }

  /** 4K pages that are mapped, 1 GiB of them or more. */
  public static class Mapped extends Worker {
    private long random;

    @Override
    void prepare() {
      random = 88_172_645_463_325_252L + ((Worker) this).part * 7919L;
    }

    @Override
    void fill() {
      mapMemory();
    }

    @Override
    void reset() {}
  }

  /** 4K pages that are not mapped, in tables that exist. */
  public static class Unmapped extends Worker {
    @Override
    void fill() {
      mapMemory();
    }

    @Override
    void reset() {
      zap(memory());
    }
  }

  /** 1 GiB of 4K pages, which one thread is to remove in each round. */
  public static class Removed extends Worker {
    @Override
    void fill() {}

    @Override
    boolean isWholeRound() {
      return true;
    }

    @Override
    void reset() {
      for (long gfn = 0; gfn < MEMORY; gfn++) {
        map(gfn, PageLevel.PG_4K);
      }
    }
  }

  /** 8 GiB of 2M pages. */
  public static class Whole extends Worker {
    private GfnRange[] blocks = {};

    @Override
    void fill() {
      mapLargePages();
    }

    @Override
    void prepare() {
      blocks = new GfnRange[largePages()];
      for (int page = 0; page < blocks.length; page++) {
        blocks[page] = GfnRange.ofPages((long) page * BLOCK, BLOCK);
      }
    }

    @Override
    void reset() {
      merge(allLargePages());
    }
  }

  /** 8 GiB of 2M pages, split. */
  public static class Divided extends Whole {
    @Override
    void reset() {
      split(allLargePages());
    }
  }

  /** A walk without a lock to a random mapped page of the first GiB, inside one read section. */
  @Benchmark
  @OperationsPerInvocation(TRANSLATIONS)
  public long translate(Mapped state, Control control) {
    Worker worker = state;
    if (!worker.plays(control)) {
      return 0;
    }
    TdpMmu mmu = worker.mmu;
    Walker walker = worker.walker;
    long random = state.random;
    long sum = 0;
    walker.section().open();
    for (int i = 0; i < TRANSLATIONS; i++) {
      random ^= random << 13;
      random ^= random >>> 7;
      random ^= random << 17;
      sum += mmu.walk(walker, random & (MEMORY - 1));
    }
    walker.section().close();
    state.random = random;
    return sum;
  }

  /** Faults of fresh pages, each thread in 2M blocks of its own, one after the other. */
  @Benchmark
  @OperationsPerInvocation(FAULTS)
  public void fault4k(Unmapped state, Control control) {
    Worker worker = state;
    if (!worker.plays(control)) {
      return;
    }
    TdpMmu mmu = worker.mmu;
    Walker walker = worker.walker;
    PageFault fault = worker.fault;
    for (long block = worker.part; block < worker.memory() / BLOCK; block += worker.parts) {
      for (int i = 0; i < BLOCK; i++) {
        FreshPages.map(mmu, walker, fault, block * BLOCK + i, PageLevel.PG_4K);
      }
    }
  }

  /** Faults of fresh pages, the threads taking turns in the same 2M blocks. */
  @Benchmark
  @OperationsPerInvocation(FAULTS)
  public void fault4kSharedTables(Unmapped state, Control control) {
    Worker worker = state;
    if (!worker.plays(control)) {
      return;
    }
    TdpMmu mmu = worker.mmu;
    Walker walker = worker.walker;
    PageFault fault = worker.fault;
    for (long gfn = worker.part; gfn < worker.memory(); gfn += worker.parts) {
      FreshPages.map(mmu, walker, fault, gfn, PageLevel.PG_4K);
    }
  }

  /** Removes 1 GiB of 4K leaves under the exclusive lock; one thread does it, the others wait. */
  @Benchmark
  @OperationsPerInvocation(MEMORY)
  public long zap4k(Removed state, Control control) {
    Worker worker = state;
    if (!worker.plays(control)) {
      return 0;
    }
    long removed = worker.first ? worker.zap(MEMORY) : 0;
    worker.machine.barrier.await(control);
    return removed;
  }

  /** Splits 2M leaves, one call each. */
  @Benchmark
  @OperationsPerInvocation(LARGE)
  public long split2m(Whole state, Control control) {
    Worker worker = state;
    if (!worker.plays(control)) {
      return 0;
    }
    long splits = 0;
    for (int page = worker.part; page < state.blocks.length; page += worker.parts) {
      splits += worker.split(state.blocks[page]);
    }
    return check(splits, LARGE);
  }

  /** Merges tables of 4K leaves, one call each. */
  @Benchmark
  @OperationsPerInvocation(LARGE)
  public long merge2m(Divided state, Control control) {
    Worker worker = state;
    if (!worker.plays(control)) {
      return 0;
    }
    long merges = 0;
    for (int page = worker.part; page < ((Whole) state).blocks.length; page += worker.parts) {
      merges += worker.merge(((Whole) state).blocks[page]);
    }
    return check(merges, LARGE);
  }

  private static long check(long done, long expected) {
    if (done != expected) {
      throw new IllegalStateException("did " + done + " operations of " + expected);
    }
    return done;
  }
}
