package dev.septum.simulator.replay;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.input.AccessLog;
import dev.septum.vm.GuestAccess;
import dev.septum.vm.VirtualMachine;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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
final class Churn implements Runnable {
  private static final int ROUND = 3;
  private static final int LARGEST_RANGE_BITS = 11; // 8 MiB
  private static final int ANYWHERE = 8;
  private static final int TRIES_TO_FIND_USED = 4;
  private static final VarHandle DONE;

  static {
    try {
      DONE = MethodHandles.lookup().findVarHandle(Churn.class, "done", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final VirtualMachine vm;
  private final List<GfnRange> slots;
  private final List<VcpuThread> vcpus;
  private final PageLevel merged;
  private final boolean isMergeable;
  private final int perSecond;
  private final SplittableRandom random;
  private final RunState state;
  private GfnRange lastSplit;
  private long done;
  private volatile boolean ended;

  Churn(VirtualMachine vm, ReplayPlan plan, List<VcpuThread> vcpus, RunState state) {
    this.vm = vm;
    this.slots = plan.layout().slots();
    this.vcpus = vcpus;
    this.merged = plan.backing() == PageLevel.LEVEL_1G ? PageLevel.LEVEL_1G : PageLevel.LEVEL_2M;
    this.isMergeable = plan.backing() != PageLevel.LEVEL_4K;
    this.perSecond = plan.churn();
    this.random = new SplittableRandom(plan.seed());
    this.state = state;
    this.lastSplit = slots.get(0);
  }

  /** Operations so far; exact after a join. */
  long done() {
    return (long) DONE.getOpaque(this);
  }

  /** Ends it after the operation that is under way. */
  void end(Thread thread) {
    ended = true;
    LockSupport.unpark(thread);
  }

  @Override
  public void run() {
    long start = System.nanoTime();
    while (!ended && !state.isStopped()) {
      long early = dueAt(done + 1) - (System.nanoTime() - start);
      if (early > 0) {
        LockSupport.parkNanos(this, early);
      } else {
        step();
        DONE.setOpaque(this, done + 1);
      }
    }
  }

  /** When an operation is due, in nanoseconds from the start. Who is late makes up for it. */
  private long dueAt(long operation) {
    return operation / perSecond * TimeUnit.SECONDS.toNanos(1)
        + operation % perSecond * TimeUnit.SECONDS.toNanos(1) / perSecond;
  }

  private void step() {
    switch ((int) (done % ROUND)) {
      case 0 -> {
        lastSplit = anyRange();
        vm.split(lastSplit, PageLevel.LEVEL_4K);
      }
      case 1 -> {
        if (done / ROUND % 2 == 0) {
          vm.merge(blocksAround(lastSplit), merged);
        } else {
          mergeFilled(blocksAround(GfnRange.ofPages(usedGfn(), 1)));
        }
      }
      default -> vm.zap(anyRange());
    }
  }

  private void mergeFilled(GfnRange block) {
    if (isMergeable) {
      long unused = vm.prefault(block);
    }
    vm.merge(block, merged);
  }

  private GfnRange anyRange() {
    long pages = 1L << random.nextInt(LARGEST_RANGE_BITS + 1);
    pages += random.nextLong(pages);
    long gfn = random.nextInt(ANYWHERE) == 0 ? anyGfn() : usedGfn();
    GfnRange slot = slotOf(gfn);
    long start = Math.max(slot.start(), gfn - random.nextLong(pages));
    return new GfnRange(start, Math.min(slot.end(), start + pages));
  }

  /** A range rounded out to what a merge can make one leaf of, as far as its slot goes. */
  private GfnRange blocksAround(GfnRange range) {
    GfnRange slot = slotOf(range.start());
    int level = merged.number();
    long start = vm.mmu().geometry().round(range.start(), level);
    long last = vm.mmu().geometry().round(range.end() - 1, level);
    return new GfnRange(
        Math.max(slot.start(), start),
        Math.min(slot.end(), last + vm.mmu().geometry().pages(level)));
  }

  private long anyGfn() {
    GfnRange slot = slots.get(random.nextInt(slots.size()));
    return slot.start() + random.nextLong(slot.pages());
  }

  /** A page that some vCPU has used already. */
  private long usedGfn() {
    for (int tries = 0; tries < TRIES_TO_FIND_USED; tries++) {
      VcpuThread vcpu = vcpus.get(random.nextInt(vcpus.size()));
      AccessLog log = vcpu.log();
      long used = Math.min(vcpu.done(), log.size());
      if (used > 0) {
        return GuestAccess.gfn(log.get(random.nextLong(used)));
      }
    }
    return anyGfn();
  }

  private GfnRange slotOf(long gfn) {
    int low = 0;
    int high = slots.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (gfn >= slots.get(middle).start()) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return slots.get(low);
  }
}
