package dev.septum.simulator.replay;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.TrustDomainHost;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The host thread that merges private mappings in the background: goes round all memory, block by
 * block of 2M, some 2,000 a second; once more when the vCPUs have ended.
 */
final class Promoter extends HostThread {
  private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
  private static final int BLOCK_PAGES = 1 << 9;
  private static final int GIB_PAGES = 1 << 18;

  private final TrustDomainHost host;
  private final List<GfnRange> slots;
  private final boolean wholeGibs;
  private int slot;
  private long next;

  Promoter(TrustDomainHost host, List<GfnRange> slots, PageLevel backing, RunState state) {
    super("promotion", state);
    this.host = host;
    this.slots = slots;
    this.wholeGibs = backing == PageLevel.LEVEL_1G;
    this.next = slots.get(0).start();
  }

  @Override
  public void run() {
    while (goesOn()) {
      boolean unused = step();
      countDone();
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    slot = 0;
    next = slots.get(0).start();
    while (!state().isStopped() && step()) {
      countDone();
    }
  }

  /** Looks at a block; false at the end of a round. */
  private boolean step() {
    GfnRange range = slots.get(slot);
    long end = Math.min(next + BLOCK_PAGES, range.end());
    long unused = host.promote(new GfnRange(next, end), PageLevel.LEVEL_2M);
    if (wholeGibs && (end & GIB_PAGES - 1) == 0 && end - GIB_PAGES >= range.start()) {
      long unusedToo = host.promote(new GfnRange(end - GIB_PAGES, end), PageLevel.LEVEL_1G);
    }
    next = end;
    if (end == range.end()) {
      slot = (slot + 1) % slots.size();
      next = slots.get(slot).start();
      return slot != 0;
    }
    return true;
  }
}
