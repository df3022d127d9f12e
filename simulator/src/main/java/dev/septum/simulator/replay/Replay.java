package dev.septum.simulator.replay;

import dev.septum.memory.MemorySlot;
import dev.septum.mmu.Roots;
import dev.septum.mmu.Violation;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.simulator.input.VcpuStream;
import dev.septum.trace.MmuCounter;
import dev.septum.trace.MmuCounters;
import dev.septum.vm.SoftwareTlb;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run: makes the machine, lets vCPUs and host run, counts, audits. */
public final class Replay {
  private final ReplayPlan plan;
  private final ReplayListener listener;
  private final RunState state = new RunState();
  private final CountDownLatch start = new CountDownLatch(1);
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable FlushLoss loss;

  private Replay(ReplayPlan plan, ReplayListener listener) {
    this.plan = plan;
    this.listener = listener;
  }

  /** Runs a plan to its end, which is early if a thread fails. Blocking. */
  public static ReplayResult run(ReplayPlan plan, ReplayListener listener)
      throws InterruptedException {
    return new Replay(plan, listener).run();
  }

  private ReplayResult run() throws InterruptedException {
    try (VirtualMachine vm = newMachine()) {
      List<VcpuThread> vcpus = new ArrayList<>();
      for (VcpuStream stream : plan.trace().streams()) {
        vcpus.add(new VcpuThread(stream, vm.newVcpu(), plan.repeat(), state));
      }
      Churn churn = new Churn(vm, plan, vcpus, state);
      CountDownLatch running = new CountDownLatch(vcpus.size());
      Thread host = plan.churn() == 0 ? null : newThread("churn", churn);
      for (VcpuThread vcpu : vcpus) {
        newThread(
            vcpu.name(),
            () -> {
              try {
                vcpu.run();
              } finally {
                running.countDown();
              }
            });
      }
      startThreads(running);
      long begun = System.nanoTime();
      start.countDown();
      while (!running.await(listener.intervalMillis(), TimeUnit.MILLISECONDS)) {
        report(vm, vcpus, begun);
      }
      double seconds = secondsSince(begun);
      if (host != null) {
        churn.end(host);
      }
      for (Thread thread : threads) {
        thread.join();
      }
      return result(vm, vcpus, churn, seconds);
    }
  }

  private VirtualMachine newMachine() {
    VirtualMachine.Builder builder =
        VirtualMachine.builder().geometry(plan.layout().geometry()).maxTables(plan.maxTables());
    if (plan.lostFlushes() > 0) {
      builder.interceptFlushes(
          vcpus -> loss = new FlushLoss(vcpus, plan.lostFlushes(), plan.seed()));
    }
    VirtualMachine vm = builder.build();
    for (GfnRange range : plan.layout().slots()) {
      MemorySlot unused = vm.addSlot(range, plan.backing());
    }
    return vm;
  }

  private Thread newThread(String name, Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                start.await();
                work.run();
              } catch (Throwable e) {
                state.fail(name, e);
              }
            },
            name);
    thread.setDaemon(true);
    threads.add(thread);
    return thread;
  }

  /** Starts all threads, which wait for each other; if one cannot be, they all end at once. */
  private void startThreads(CountDownLatch running) {
    List<Thread> started = new ArrayList<>();
    try {
      for (Thread thread : threads) {
        thread.start();
        started.add(thread);
      }
    } catch (OutOfMemoryError e) {
      state.fail("cannot start thread " + (started.size() + 1) + " of " + threads.size(), e);
      threads.retainAll(started);
      while (running.getCount() > 0) {
        running.countDown();
      }
    }
  }

  private void report(VirtualMachine vm, List<VcpuThread> vcpus, long begun) {
    MmuCounters counters = vm.mmu().counters();
    listener.running(
        done(vcpus),
        plan.accesses(),
        secondsSince(begun),
        counters.sum(MmuCounter.FAULTS_FIXED) + counters.sum(MmuCounter.FAULTS_SPURIOUS),
        mapped(vm));
  }

  private ReplayResult result(
      VirtualMachine vm, List<VcpuThread> vcpus, Churn churn, double seconds) {
    String evidence = vm.mmu().health().evidence();
    if (evidence != null) {
      state.fail("the machine is bugged: " + evidence);
    }
    vm.mmu().tables().reclaim();
    return new ReplayResult(
        plan,
        done(vcpus),
        seconds,
        mapped(vm),
        dirty(vm),
        vm.mmu().counters().snapshot(),
        new ReplayResult.Tables(
            vm.mmu().tables().live(), vm.mmu().tables().peak(), vm.mmu().tables().waiting()),
        tlb(vcpus),
        churn.done(),
        loss == null ? 0 : loss.lost(),
        audit(vm, evidence != null),
        state.failure());
  }

  private static PageCounts mapped(VirtualMachine vm) {
    return new PageCounts(
        vm.mapped(PageLevel.LEVEL_4K),
        vm.mapped(PageLevel.LEVEL_2M),
        vm.mapped(PageLevel.LEVEL_1G));
  }

  /** Asks the MMU, not the machine, which answers nothing any more once it is bugged. */
  private static PageCounts dirty(VirtualMachine vm) {
    long[] dirty = new long[PageLevel.LEAF_LEVELS + 1];
    try (Walker walker = vm.mmu().newWalker()) {
      vm.mmu()
          .forEachLeaf(
              walker,
              new GfnRange(0, vm.mmu().gfnLimit()),
              Roots.DIRECT,
              (gfn, level, entry) -> {
                if (Spte.isDirty(entry)) {
                  dirty[level]++;
                }
              });
    }
    return new PageCounts(dirty[PageLevel.PG_4K], dirty[PageLevel.PG_2M], dirty[PageLevel.PG_1G]);
  }

  private static List<Violation> audit(VirtualMachine vm, boolean bugged) {
    return bugged ? vm.mmu().audit() : vm.audit();
  }

  private static ReplayResult.Tlb tlb(List<VcpuThread> vcpus) {
    long hits = 0;
    long misses = 0;
    long flushes = 0;
    long stale = 0;
    for (VcpuThread thread : vcpus) {
      SoftwareTlb tlb = thread.vcpu().tlb();
      hits += tlb.hits();
      misses += tlb.misses();
      flushes += tlb.flushes();
      stale += thread.vcpu().staleUses();
    }
    return new ReplayResult.Tlb(hits, misses, flushes, stale);
  }

  private static long done(List<VcpuThread> vcpus) {
    return vcpus.stream().mapToLong(VcpuThread::done).sum();
  }

  private static double secondsSince(long begun) {
    return (System.nanoTime() - begun) / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
