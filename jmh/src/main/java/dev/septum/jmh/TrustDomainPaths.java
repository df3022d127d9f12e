package dev.septum.jmh;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.FaultResult;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VirtualMachine;
import java.util.Objects;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.Control;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * What each path of a trust domain's private memory costs, in ns per operation of one thread, with
 * all that it makes the module do.
 *
 * <p>Rounds as in {@link RoundWorker}; each thread has 1 GiB of its own. A machine as it is when it
 * has run for a while: what is split was split and promoted before, so that its tables, and what
 * the module keeps of them, are there; the warm-up sees to it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class TrustDomainPaths {
  private static final int BLOCK = 512;
  private static final int SMALL = 16_384;
  private static final int LARGE = 512;
  private static final int GIG = LARGE * BLOCK;
  private static final int MAX_TABLES = 1 << 14;

  /** A TD that runs, a vCPU and a walker for each thread, and their meeting point. */
  @State(Scope.Benchmark)
  public static class Machine {
    private VirtualMachine vm;
    private MemorySlot slot;
    private GfnRange memory;
    private Barrier barrier;
    private TrustDomainVcpu[] vcpus = {};
    private Walker[] walkers = {};

    /** Makes the TD. */
    @Setup
    public void create(BenchmarkParams params) {
      barrier = new Barrier(params.getThreads());
      memory = GfnRange.ofPages(0, (long) params.getThreads() * GIG);
      make(TrustDomainOptions.DEFAULT);
    }

    /** Nobody is at the barrier: an iteration begins. */
    @Setup(Level.Iteration)
    public void meet() {
      barrier.reset();
    }

    private void make(TrustDomainOptions options) {
      vm =
          VirtualMachine.builder()
              .maxTables(MAX_TABLES)
              .trustDomain(options.withHostPages(memory.pages()))
              .build();
      slot = vm.addSlot(memory, PageLevel.LEVEL_2M);
      vm.trustDomain().convertToPrivate(memory);
      GuestMemfd memfd = Objects.requireNonNull(slot.guestMemfd());
      for (long gfn = 0; gfn < memory.end(); gfn += BLOCK) {
        Worker.check(memfd.allocate(gfn));
      }
      vcpus = new TrustDomainVcpu[(int) (memory.pages() / GIG)];
      walkers = new Walker[vcpus.length];
      for (int thread = 0; thread < vcpus.length; thread++) {
        vcpus[thread] = (TrustDomainVcpu) vm.newVcpu();
        walkers[thread] = vm.mmu().newWalker();
      }
      vm.trustDomain().finalizeBuild();
    }

    private static long blockOf(long gfn) {
      return gfn / BLOCK % LARGE;
    }

    /** Makes every block one accepted page of 2M again. */
    private void mend() {
      for (long gfn = 0; gfn < memory.end(); gfn += BLOCK) {
        long page = gfn + blockOf(gfn);
        if (!vm.trustDomain().isPrivate(page)) {
          Worker.check(vm.trustDomain().convertToPrivate(GfnRange.ofPages(page, 1)) == 0);
          TrustDomainVcpu vcpu = vcpus[(int) (gfn / GIG)];
          Worker.check(
              vcpu.accept(page << Geometry.PAGE_SHIFT, PageLevel.LEVEL_4K)
                  == SeamcallStatus.SUCCESS);
        }
      }
      long unused = vm.trustDomain().promote(memory, PageLevel.LEVEL_2M);
      Worker.check(vm.mapped(PageLevel.LEVEL_2M) == memory.pages() / BLOCK);
    }
  }

  /** One thread: its vCPU, its walker, and its pages. */
  public abstract static class Worker extends RoundWorker {
    private Machine machine;
    private Walker walker;
    private TrustDomainVcpu vcpu;
    private final PageFault fault = new PageFault();
    private final GfnRange[] blocks = new GfnRange[LARGE];
    private final GfnRange[] pages = new GfnRange[LARGE];

    /** Joins the machine; the first thread fills it. */
    @Setup
    public void join(Machine joined, ThreadParams params) {
      machine = joined;
      walker = joined.walkers[params.getThreadIndex()];
      vcpu = joined.vcpus[params.getThreadIndex()];
      for (int i = 0; i < LARGE; i++) {
        long gfn = (long) params.getThreadIndex() * GIG + (long) i * BLOCK;
        blocks[i] = GfnRange.ofPages(gfn, BLOCK);
        pages[i] = GfnRange.ofPages(gfn + i, 1);
      }
      join(params);
    }

    /** Starts a round; the machine may be another than in the last. */
    @Setup(Level.Invocation)
    public void nextRound() {
      startAt(machine.barrier);
      look();
    }

    private void look() {
      walker = machine.walkers[part];
      vcpu = machine.vcpus[part];
    }

    final void make(TrustDomainOptions options) {
      machine.make(options);
      look();
    }

    final void zapAll() {
      machine.vm.zap(machine.memory);
    }

    /** A fault of private memory, at a level; whether it has to split what is larger. */
    final FaultResult fault(long gfn, int level, boolean splits) {
      fault
          .begin(gfn, Access.WRITE.bit(), machine.vm.mmu().invalidationSequence())
          .backedBy(machine.slot.pfnOf(gfn), true, PageLevel.PG_2M)
          .asPrivate(splits)
          .wanting(level);
      FaultResult result;
      do {
        result = machine.vm.mmu().fault(walker, fault);
      } while (result == FaultResult.RETRY);
      return result;
    }

    final void map(long gfn, int level) {
      check(fault(gfn, level, false) == FaultResult.FIXED);
    }

    final void mapAll2m() {
      for (long gfn = 0; gfn < machine.memory.end(); gfn += BLOCK) {
        map(gfn, PageLevel.PG_2M);
      }
    }

    final void acceptAll2m() {
      for (long gfn = 0; gfn < machine.memory.end(); gfn += BLOCK) {
        accept2m(gfn);
      }
    }

    final void accept2m(long gfn) {
      long status = vcpu.accept(gfn << Geometry.PAGE_SHIFT, PageLevel.LEVEL_2M);
      check(status == SeamcallStatus.SUCCESS);
    }

    static void check(boolean done) {
      if (!done) {
        throw new IllegalStateException("an operation did not do what it is measured for");
      }
    }
  }

  /** Small pages to be mapped, in tables that exist. */
  public static class Unmapped4k extends Worker {
    @Override
    protected void fill() {
      for (long gfn = 0; gfn < ((Worker) this).machine.memory.end(); gfn += BLOCK) {
        map(gfn, PageLevel.PG_4K);
      }
    }

    @Override
    protected void reset() {
      zapAll();
    }
  }

  /** Small pages that are mapped, to be removed. */
  public static class Mapped4k extends Unmapped4k {
    /** Whether each has a TRACK and a kick of its own, as in KVM. */
    @Param({"false", "true"})
    public boolean tracksEach;

    @Override
    protected void fill() {
      make(TrustDomainOptions.DEFAULT.withTracksEach(tracksEach));
      super.fill();
    }

    @Override
    protected void reset() {
      zapAll();
      long end = ((Worker) this).machine.memory.end();
      for (long first = 0; first < end; first += GIG) {
        for (long gfn = first; gfn < first + SMALL; gfn++) {
          map(gfn, PageLevel.PG_4K);
        }
      }
    }
  }

  /** Large pages to be mapped. */
  public static class Unmapped2m extends Worker {
    @Override
    protected void fill() {}

    @Override
    protected void reset() {
      zapAll();
    }
  }

  /** Large pages that are mapped, to be accepted. */
  public static class Pending2m extends Unmapped2m {
    @Override
    protected void reset() {
      zapAll();
      mapAll2m();
    }
  }

  /** Large pages, accepted. */
  public static class Accepted2m extends Worker {
    @Override
    protected void fill() {
      make(TrustDomainOptions.DEFAULT.withAcceptPolicy(policy()));
      mapAll2m();
      acceptAll2m();
    }

    @Override
    protected void reset() {
      ((Worker) this).machine.mend();
    }

    AcceptPolicy policy() {
      return AcceptPolicy.EXCLUSIVE;
    }
  }

  /** The same, and the module splits without a block. */
  public static class Accepted2mNonBlocking extends Accepted2m {
    @Override
    AcceptPolicy policy() {
      return AcceptPolicy.SHARED;
    }
  }

  /** A fault that maps a small private page: PAGE.AUG. */
  @Benchmark
  @OperationsPerInvocation(SMALL)
  public void augFault4k(Unmapped4k state, Control control) {
    if (state.plays(control)) {
      long first = (long) state.part * GIG;
      for (long gfn = first; gfn < first + SMALL; gfn++) {
        state.map(gfn, PageLevel.PG_4K);
      }
    }
  }

  /**
   * A zap of small private pages: BLOCK, REMOVE, WBINVD each; TRACK and kick for each batch, or
   * each.
   */
  @Benchmark
  @OperationsPerInvocation(SMALL)
  public void zapPrivate4k(Mapped4k state, Control control) {
    if (state.plays(control)) {
      GfnRange range = GfnRange.ofPages((long) state.part * GIG, SMALL);
      Worker.check(((Worker) state).machine.vm.zap(range) == SMALL);
    }
  }

  /** A fault that maps a large private page: PAGE.AUG. */
  @Benchmark
  @OperationsPerInvocation(LARGE)
  public void augFault2m(Unmapped2m state, Control control) {
    if (state.plays(control)) {
      for (GfnRange block : ((Worker) state).blocks) {
        state.map(block.start(), PageLevel.PG_2M);
      }
    }
  }

  /** A vCPU enters, accepts a large page that is mapped, never written, and leaves. */
  @Benchmark
  @OperationsPerInvocation(LARGE)
  public void accept2m(Pending2m state, Control control) {
    if (state.plays(control)) {
      for (GfnRange block : ((Worker) state).blocks) {
        state.accept2m(block.start());
      }
    }
  }

  /** A split under the exclusive lock, nobody inside: BLOCK, TRACK, kick, DEMOTE. */
  @Benchmark
  @OperationsPerInvocation(LARGE)
  public void demote2mExclusive(Accepted2m state, Control control) {
    Worker worker = state;
    if (state.plays(control)) {
      for (GfnRange block : worker.blocks) {
        Worker.check(
            worker.machine.vm.mmu().splitMirror(worker.walker, block, PageLevel.PG_4K) == 1);
      }
    }
  }

  /** A split in a fault, under the shared lock: DEMOTE alone. */
  @Benchmark
  @OperationsPerInvocation(LARGE)
  public void demote2mShared(Accepted2mNonBlocking state, Control control) {
    if (state.plays(control)) {
      for (GfnRange block : ((Worker) state).blocks) {
        Worker.check(state.fault(block.start(), PageLevel.PG_4K, true) == FaultResult.SPURIOUS);
      }
    }
  }

  /** A small page in an accepted large one made shared: the split, the removal, the rest. */
  @Benchmark
  @OperationsPerInvocation(LARGE)
  public void convert4kIn2m(Accepted2m state, Control control) {
    Worker worker = state;
    if (state.plays(control)) {
      for (GfnRange page : worker.pages) {
        Worker.check(worker.machine.vm.trustDomain().convertToShared(page) == 1);
      }
    }
  }
}
