package dev.septum.jmh.lock;

import dev.septum.jmh.FreshPages;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One run of a scenario: a tree, its threads, and what they wait.
 *
 * <p>A fault is timed whole, by two readings of the clock; those that begin in a measured zap are
 * recorded. Each faulting thread goes round the 512 pages of a block of its own; who takes the lock
 * alone removes them now and then, outside of what is recorded, so some faults map a page, and the
 * others find it mapped.
 */
final class WaitRun {
  private static final int MAX_TABLES = 1 << 14;
  private static final long FAULTER_PAGES = 512;
  private static final long ZAPPER_PAGES = 1L << 18;

  /** Where the zappers' pages begin. */
  private static final long ZAPPED_FROM = 1L << 24;

  /** What a thread that takes the lock alone leaves to the others in between. */
  private static final long REST_NANOS = 100_000;

  private final TdpMmu mmu;
  private final Scenario scenario;
  private final AtomicInteger zapping = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final Histogram waits = new Histogram(4);
  private volatile boolean over;
  private volatile boolean recorded;

  WaitRun(LockKind lock, Scenario scenario) {
    this.mmu = FreshPages.newTree(MAX_TABLES, lock.newLock());
    this.scenario = scenario;
  }

  /**
   * Runs for a while, and until there is a wait to report.
   *
   * @return the waits, in ns
   * @throws IllegalStateException if a thread failed, or the tree is not sound afterwards
   */
  Histogram run(long nanos) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < scenario.faulters; i++) {
      long start = i * FAULTER_PAGES;
      threads.add(new Thread(() -> guarded(walker -> faultOn(walker, start))));
    }
    for (int i = 0; i < scenario.zappers; i++) {
      GfnRange range = GfnRange.ofPages(ZAPPED_FROM + i * ZAPPER_PAGES, ZAPPER_PAGES);
      threads.add(new Thread(() -> guarded(walker -> zapOn(walker, range))));
    }
    if (scenario.zappers == 0) {
      threads.add(new Thread(() -> guarded(this::excludeOn)));
    }
    threads.forEach(Thread::start);
    long end = System.nanoTime() + nanos;
    while ((System.nanoTime() - end < 0 || !recorded) && failure.get() == null) {
      sleep();
    }
    over = true;
    threads.forEach(WaitRun::join);
    check();
    return waits;
  }

  private void check() {
    Throwable failed = failure.get();
    if (failed != null) {
      throw new IllegalStateException("a thread failed", failed);
    }
    if (!mmu.audit().isEmpty()) {
      throw new IllegalStateException("the tree is not sound: " + mmu.audit());
    }
    mmu.close();
  }

  private interface Task {
    void run(Walker walker);
  }

  private void guarded(Task task) {
    try (Walker walker = mmu.newWalker()) {
      task.run(walker);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  private void faultOn(Walker walker, long start) {
    PageFault fault = new PageFault();
    Histogram own = new Histogram(4);
    while (!over) {
      for (long gfn = start; gfn < start + FAULTER_PAGES && !over; gfn++) {
        boolean measured = zapping.get() > 0;
        long before = System.nanoTime();
        FreshPages.tryMap(mmu, walker, fault, gfn, PageLevel.PG_4K);
        if (measured) {
          own.recordValue(System.nanoTime() - before);
          recorded = true;
        }
      }
    }
    add(own);
  }

  private void zapOn(Walker walker, GfnRange range) {
    PageFault fault = new PageFault();
    while (!over) {
      for (long gfn = range.start(); gfn < range.end(); gfn++) {
        FreshPages.map(mmu, walker, fault, gfn, PageLevel.PG_4K);
      }
      removeFaulted(walker);
      zapping.incrementAndGet();
      mmu.zap(walker, range);
      zapping.decrementAndGet();
    }
  }

  private void excludeOn(Walker walker) {
    Histogram own = new Histogram(4);
    while (!over) {
      long before = System.nanoTime();
      long stamp = mmu.lock().lockExclusive();
      long now = System.nanoTime();
      mmu.lock().unlockExclusive(stamp);
      own.recordValue(now - before);
      recorded = true;
      removeFaulted(walker);
      while (System.nanoTime() - now < REST_NANOS) {
        Thread.onSpinWait();
      }
    }
    add(own);
  }

  /** Block by block: in a range that is being zapped every fault is tried again, and again. */
  private void removeFaulted(Walker walker) {
    for (int i = 0; i < scenario.faulters; i++) {
      mmu.zap(walker, GfnRange.ofPages(i * FAULTER_PAGES, FAULTER_PAGES));
    }
  }

  private void add(Histogram own) {
    synchronized (waits) {
      waits.add(own);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
