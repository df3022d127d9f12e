package dev.septum.simulator.soak;

import dev.septum.simulator.replay.RunState;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One soak: lets a machine's vCPUs and hosts run, brings them to a quiet point every few seconds,
 * and looks at everything there. Ends at the first finding.
 */
public final class Soak {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** How long a thread may take to come to the quiet point; then it hangs. */
  private static final long PATIENCE_SECONDS = 60;

  private final SoakPlan plan;
  private final SoakListener listener;
  private final RunState state = new RunState();
  private final QuietPoint quiet = new QuietPoint();
  private final SoakMachine machine;
  private final Map<SoakThread, Thread> threads = new LinkedHashMap<>();
  private final HeapWatch heap;
  private final List<String> findings = new ArrayList<>();
  private long begun;
  private int audits;
  private long slotsAtFirstAudit;
  private volatile boolean isInterrupted;

  /** A machine that is ready to run. */
  public Soak(SoakPlan plan, SoakListener listener) {
    this.plan = plan;
    this.listener = listener;
    this.machine = SoakMachine.of(plan, state, quiet);
    this.heap = new HeapWatch(plan.maxGrowth());
  }

  /** Ends the soak at the next quiet point. Any thread may ask for that. */
  public void interrupt() {
    isInterrupted = true;
  }

  /** Runs to the end, which is early if something is found. Blocking; to be called once. */
  public SoakResult run() throws InterruptedException {
    begun = System.nanoTime();
    for (SoakThread each : machine.threads()) {
      Thread thread = new Thread(each, each.log().thread());
      thread.setDaemon(true);
      threads.put(each, thread);
      thread.start();
    }
    watch();
    double seconds = secondsSince(begun);
    state.end();
    boolean haveEnded = join();
    String failure = state.failure();
    if (failure != null) {
      findings.add(0, failure);
    }
    if (haveEnded) {
      findings.addAll(findings.isEmpty() ? machine.close() : whatElse());
    }
    return result(seconds);
  }

  /** Reports, and audits, until the time is over, the run has failed, or it is told to end. */
  private void watch() throws InterruptedException {
    long nextAudit = plan.auditNanos();
    long interval = TimeUnit.MILLISECONDS.toNanos(listener.intervalMillis());
    long nextReport = interval;
    while (!state.isStopped()) {
      long now = System.nanoTime() - begun;
      boolean isOver = now >= plan.nanos() || isInterrupted;
      if (isOver || now >= nextAudit) {
        audit();
        nextAudit = System.nanoTime() - begun + plan.auditNanos();
      }
      if (isOver) {
        return;
      }
      if (now >= nextReport) {
        nextReport = now + interval;
        listener.running(
            plan,
            secondsSince(begun),
            operations().values().stream().mapToLong(Long::longValue).sum(),
            audits,
            heap.sizes().last());
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private void audit() throws InterruptedException {
    if (!quiet.await(PATIENCE_SECONDS)) {
      state.fail("no quiet for " + PATIENCE_SECONDS + " s: " + whoHangs());
      return;
    }
    try {
      if (state.isStopped()) {
        return;
      }
      findings.addAll(machine.audit());
      String growth = heap.note(usedHeap(), allowedGrowth());
      if (growth != null) {
        findings.add(growth);
      }
      if (findings.isEmpty()) {
        audits++;
      } else {
        state.end(); // before anybody goes on
      }
    } catch (RuntimeException e) {
      state.fail("the audit", e);
    } finally {
      quiet.end();
    }
  }

  /** A finding that a thread has met may have left more to find; a bugged machine refuses some. */
  private List<String> whatElse() {
    try {
      return findings.size() == 1 && state.failure() != null ? machine.audit() : List.of();
    } catch (RuntimeException e) {
      return List.of("then the audit: " + e);
    }
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private long allowedGrowth() {
    long slots = machine.count(Operation.SLOT_ADD);
    if (audits == 0) {
      slotsAtFirstAudit = slots;
    }
    return (slots - slotsAtFirstAudit) * plan.slotBytes();
  }

  private boolean join() throws InterruptedException {
    long patience = TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS);
    for (Thread thread : threads.values()) {
      thread.join(state.failure() == null ? patience : TimeUnit.SECONDS.toMillis(5));
      if (thread.isAlive()) {
        state.fail("threads do not end: " + whoHangs());
        return false;
      }
    }
    return true;
  }

  /** The threads whose operation has not ended, and where they are. */
  private String whoHangs() {
    List<String> hanging = new ArrayList<>();
    threads.forEach(
        (each, thread) -> {
          List<OperationLog.Entry> last = each.log().last();
          OperationLog.Entry entry = last.isEmpty() ? null : last.get(last.size() - 1);
          StackTraceElement[] trace = thread.getStackTrace();
          if (entry != null && entry.isUnderWay() && trace.length > 0) {
            hanging.add(each.log().thread() + " in " + entry.operation() + " at " + trace[0]);
          }
        });
    return String.join("; ", hanging);
  }

  private Map<Operation, Long> operations() {
    Map<Operation, Long> counts = new EnumMap<>(Operation.class);
    for (Operation operation : Operation.values()) {
      long count = machine.count(operation);
      if (count > 0) {
        counts.put(operation, count);
      }
    }
    return counts;
  }

  private SoakResult result(double seconds) {
    return new SoakResult(
        plan,
        seconds,
        isInterrupted,
        audits,
        operations(),
        machine.vcpus(),
        machine.injected(),
        machine.staleUses(),
        machine.lostData(),
        heap.sizes(),
        List.copyOf(findings),
        findings.isEmpty() ? null : SoakRecord.text(plan, findings.get(0), machine.logs(), begun));
  }

  private static double secondsSince(long begun) {
    return (System.nanoTime() - begun) / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
