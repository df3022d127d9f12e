package dev.septum.simulator.replay;

import dev.septum.mmu.Roots;
import dev.septum.mmu.Violation;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.trace.MmuCounter;
import dev.septum.trace.MmuCounters;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One run: lets a machine's vCPUs and its host run, counts, audits. */
public final class Replay {
  private final ReplayPlan plan;
  private final ReplayListener listener;
  private final Consumer<VirtualMachine> atRest;
  private final RunState state = new RunState();
  private final CountDownLatch start = new CountDownLatch(1);
  private final List<Thread> threads = new ArrayList<>();

  private Replay(ReplayPlan plan, ReplayListener listener, Consumer<VirtualMachine> atRest) {
    this.plan = plan;
    this.listener = listener;
    this.atRest = atRest;
  }

  /** Runs a plan to its end, which is early if a thread fails. Blocking. */
  public static ReplayResult run(ReplayPlan plan, ReplayListener listener)
      throws InterruptedException {
    return run(plan, listener, machine -> {});
  }

  /**
   * As the other.
   *
   * @param atRest is shown the machine once all its threads have ended, before it is audited and
   *     closed; it may be bugged
   */
  public static ReplayResult run(
      ReplayPlan plan, ReplayListener listener, Consumer<VirtualMachine> atRest)
      throws InterruptedException {
    return new Replay(plan, listener, atRest).run();
  }

  private ReplayResult run() throws InterruptedException {
    try (ReplayMachine machine = ReplayMachine.of(plan, state)) {
      List<? extends VcpuThread> vcpus = machine.vcpus();
      CountDownLatch running = new CountDownLatch(vcpus.size());
      Map<HostThread, Thread> hosts = new LinkedHashMap<>();
      for (HostThread host : machine.hosts()) {
        hosts.put(host, newThread(host.name(), host));
      }
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
        report(machine, begun);
      }
      double seconds = secondsSince(begun);
      hosts.forEach(HostThread::end);
      for (Thread thread : threads) {
        thread.join();
      }
      atRest.accept(machine.vm());
      return result(machine, seconds);
    }
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

  private void report(ReplayMachine machine, long begun) {
    MmuCounters counters = machine.vm().mmu().counters();
    listener.running(
        done(machine),
        plan.accesses(),
        secondsSince(begun),
        counters.sum(MmuCounter.FAULTS_FIXED) + counters.sum(MmuCounter.FAULTS_SPURIOUS),
        mapped(machine.vm()));
  }

  private ReplayResult result(ReplayMachine machine, double seconds) {
    VirtualMachine vm = machine.vm();
    noteEvidence(vm); // who looks at what is left does not use a bugged machine
    TrustDomainResult trustDomain = machine.settle();
    noteEvidence(vm);
    vm.mmu().tables().reclaim();
    return new ReplayResult(
        plan,
        done(machine),
        seconds,
        mapped(vm),
        dirty(vm),
        vm.mmu().counters().snapshot(),
        new ReplayResult.Tables(
            vm.mmu().tables().live(), vm.mmu().tables().peak(), vm.mmu().tables().waiting()),
        machine.tlb(),
        machine.churned(),
        machine.injected(),
        audit(vm),
        state.failure(),
        machine.vcpus().stream().map(VcpuThread::outcome).toList(),
        trustDomain);
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
    return PageCounts.of(dirty);
  }

  private void noteEvidence(VirtualMachine vm) {
    String evidence = vm.mmu().health().evidence();
    if (evidence != null) {
      state.fail("the machine is bugged: " + evidence);
    }
  }

  private static List<Violation> audit(VirtualMachine vm) {
    return vm.mmu().health().evidence() == null ? vm.audit() : vm.mmu().audit();
  }

  private static long done(ReplayMachine machine) {
    return machine.vcpus().stream().mapToLong(VcpuThread::done).sum();
  }

  private static double secondsSince(long begun) {
    return (System.nanoTime() - begun) / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
