package dev.septum.simulator.replay;

import dev.septum.mmu.TlbFlusher;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;

/**
 * What the operations on a whole guest cost in flushes and in holds of the MMU's lock: all of it is
 * mapped by 2M, split to 4K as for dirty logging, merged back, and unmapped.
 */
public final class FlushCounts {
  /**
   * Pages of 2M in the guest, 256 GiB, in which Linux counted flushes when dirty logging was turned
   * off. Source: its commit 35ef80eb29ab (6.13, by D. Matlack), {@code dirty_log_perf_test -s
   * anonymous_hugetlb_2mb -v 64 -e -b 4g}. Linux zapped the tables there; a merge here puts the
   * large pages in their place.
   */
  public static final int LINUX_PAGES = 131_072;

  /** Its flushes when each page was flushed for itself. */
  public static final int LINUX_WITHOUT = 131_072;

  /** The same since they are gathered. */
  public static final int LINUX_WITH = 76;

  /** Pages of 4K in one of 2M. */
  private static final long PAGE_GFNS = Geometry.FOUR_LEVEL.pages(PageLevel.PG_2M);

  private final GfnRange memory;
  private final CountingLock lock = new CountingLock();
  private final AtomicLong flushes = new AtomicLong();
  private final List<Step> steps = new ArrayList<>();

  private FlushCounts(long bytes) {
    this.memory = GfnRange.ofBytes(0, bytes);
  }

  /**
   * One operation on the whole guest.
   *
   * @param name what was done
   * @param pages how many leaves or tables of 2M it was done to
   * @param flushes that the TLBs were told of
   * @param sharedHolds of the MMU's lock
   * @param exclusiveHolds of the same
   * @param yields of it to others
   * @param seconds how long it took
   */
  public record Step(
      String name,
      long pages,
      long flushes,
      long sharedHolds,
      long exclusiveHolds,
      long yields,
      double seconds) {}

  /**
   * What all came to.
   *
   * @param steps in order
   * @param violations what the audit has found, before the guest was unmapped
   */
  public record Result(List<Step> steps, int violations) {}

  /**
   * Does them all, on one thread.
   *
   * @param bytes the guest's memory: a multiple of 2 MiB; its tables take 1/512 of it
   */
  public static Result run(long bytes) {
    return new FlushCounts(bytes).run();
  }

  private Result run() {
    try (VirtualMachine vm =
        VirtualMachine.builder().lock(lock).interceptFlushes(this::counted).build()) {
      vm.addSlot(memory, PageLevel.LEVEL_2M);
      step("map", vm, machine -> machine.prefault(memory) / PAGE_GFNS);
      step("split", vm, machine -> machine.split(memory, PageLevel.LEVEL_4K));
      step("merge", vm, machine -> machine.merge(memory, PageLevel.LEVEL_2M));
      int violations = vm.audit().size();
      step("zap", vm, machine -> machine.zap(memory));
      return new Result(List.copyOf(steps), violations);
    }
  }

  private void step(String name, VirtualMachine vm, ToLongFunction<VirtualMachine> operation) {
    final long flushed = flushes.get();
    final long shared = lock.sharedHolds();
    final long exclusive = lock.exclusiveHolds();
    final long yields = lock.yields();
    final long begun = System.nanoTime();
    long pages = operation.applyAsLong(vm);
    double seconds = (System.nanoTime() - begun) / (double) TimeUnit.SECONDS.toNanos(1);
    steps.add(
        new Step(
            name,
            pages,
            flushes.get() - flushed,
            lock.sharedHolds() - shared,
            lock.exclusiveHolds() - exclusive,
            lock.yields() - yields,
            seconds));
  }

  private TlbFlusher counted(TlbFlusher vcpus) {
    return new TlbFlusher() {
      @Override
      public void flush(long start, long pages) {
        flushes.getAndIncrement();
        vcpus.flush(start, pages);
      }

      @Override
      public void flushAll() {
        flushes.getAndIncrement();
        vcpus.flushAll();
      }

      @Override
      public void released(long start, long pages) {
        vcpus.released(start, pages);
      }
    };
  }
}
