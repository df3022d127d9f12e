package dev.septum.simulator.replay;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.VirtualMachine;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The host thread that changes mappings while vCPUs use them, at a pace.
 *
 * <p>It goes round: split a range to 4K; merge; zap a range. Ranges have random sizes, small ones
 * as often as large ones, and lie where vCPUs have been; one in eight lies anywhere.
 *
 * <p>A table that a zap has taken a page of can be merged only when that page is back, and pages
 * that the guest never touches never come back by themselves: in the end nothing would be left to
 * split or to merge. So every other merge is of what has just been split, a full table still; the
 * others are of a block that is prefaulted first, in which vCPUs have meanwhile set A and D of
 * single pages.
 */
final class Churn extends HostThread {
  private static final int ROUND = 3;
  private static final int LARGEST_RANGE_BITS = 11; // 8 MiB

  private final VirtualMachine vm;
  private final RandomRanges ranges;
  private final PageLevel merged;
  private final boolean isMergeable;
  private final int perSecond;
  private GfnRange lastSplit;
  private long done;

  Churn(VirtualMachine vm, ReplayPlan plan, List<? extends VcpuThread> vcpus, RunState state) {
    super("churn", state);
    this.vm = vm;
    this.ranges =
        new RandomRanges(
            plan.layout().slots(), vcpus, new SplittableRandom(plan.seed()), LARGEST_RANGE_BITS);
    this.merged = plan.backing() == PageLevel.LEVEL_1G ? PageLevel.LEVEL_1G : PageLevel.LEVEL_2M;
    this.isMergeable = plan.backing() != PageLevel.LEVEL_4K;
    this.perSecond = plan.churn();
    this.lastSplit = plan.layout().slots().get(0);
  }

  @Override
  public void run() {
    long start = System.nanoTime();
    while (goesOn()) {
      long early = dueAt(done + 1) - (System.nanoTime() - start);
      if (early > 0) {
        LockSupport.parkNanos(this, early);
      } else {
        step();
        done++;
      }
    }
  }

  /** Operations; exact after a join. */
  long done() {
    return done;
  }

  /** When an operation is due, in nanoseconds from the start. Who is late makes up for it. */
  private long dueAt(long operation) {
    return operation / perSecond * TimeUnit.SECONDS.toNanos(1)
        + operation % perSecond * TimeUnit.SECONDS.toNanos(1) / perSecond;
  }

  private void step() {
    switch ((int) (done % ROUND)) {
      case 0 -> {
        lastSplit = ranges.next();
        vm.split(lastSplit, PageLevel.LEVEL_4K);
      }
      case 1 -> {
        if (done / ROUND % 2 == 0) {
          vm.merge(blocksAround(lastSplit), merged);
        } else {
          mergeFilled(blocksAround(GfnRange.ofPages(ranges.usedGfn(), 1)));
        }
      }
      default -> vm.zap(ranges.next());
    }
  }

  private void mergeFilled(GfnRange block) {
    if (isMergeable) {
      long unused = vm.prefault(block);
    }
    vm.merge(block, merged);
  }

  /** A range rounded out to what a merge can make one leaf of, as far as its slot goes. */
  private GfnRange blocksAround(GfnRange range) {
    GfnRange slot = ranges.slotOf(range.start());
    int level = merged.number();
    long start = vm.mmu().geometry().round(range.start(), level);
    long last = vm.mmu().geometry().round(range.end() - 1, level);
    return new GfnRange(
        Math.max(slot.start(), start),
        Math.min(slot.end(), last + vm.mmu().geometry().pages(level)));
  }
}
