package dev.septum.td;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.ChangeBatch;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/*
 * THE SCAN
 *
 * A pass goes through the slots in the order of their gfns, block by block of 2M; behind the last block of 1G
 * comes that 1G. Each block is looked at without a lock, in a read section: is it mapped by a full table of
 * contiguous leaves, and backed by one page? Whether anything is in progress there, whether it may be large
 * and whether it is accepted is asked under the exclusive lock, which is taken for one block, or for several
 * side by side that one step has found: up to a batch of them (mmu's ChangeBatch), which cost one TRACK and one
 * kick. Between two of these holds nothing is held.
 *
 * A guest that converts and accepts again and again, or whose pages are never all accepted, would cost an
 * exclusive hold and a kick each time its block is full. So a block is tried only once it was found full in
 * so many passes in a row, and whatever comes of it, the count begins anew: a block costs at most one try in
 * that many passes, whatever its guest does.
 */

/**
 * Promotes accepted private memory by and by, as khugepaged does: step by step by its caller, or in
 * a thread of its own. See the essay at the top of the file.
 *
 * <p>Methods may be called by any thread and wait for each other. A step waits for the MMU lock,
 * and for vCPUs to leave the guest; no caller of one may be needed for that.
 */
public final class PromotionScanner implements AutoCloseable {
  private static final int MOST_STEPS_PER_SECOND = 100;

  /**
   * What a scanner has done.
   *
   * @param passes through all slots, completed
   * @param scanned blocks of 2M that it has looked at
   * @param candidates blocks, of 2M or 1G, that it has found full, each time anew
   * @param promoted candidates that became a leaf
   * @param refused candidates that were tried and stayed as they were: not all accepted, in
   *     progress, or not allowed to be large
   */
  public record Counts(long passes, long scanned, long candidates, long promoted, long refused) {}

  private final TdpMmu mmu;
  private final Geometry geometry;
  private final MemorySlots slots;
  private final Promotion promotion;
  private final int blocksPerSecond;
  private final int settledAfter;
  private final Walker walker;

  // All guarded by this.
  private @Nullable Thread thread;
  private boolean closed;
  private long next;

  /** Blocks of 2M side by side, up to {@link #next} or before it, that are to be tried. */
  private long runStart;

  private long runEnd;

  /** In how many passes in a row, up to the last one, a block was found full; by {@link #key}. */
  private Map<Long, Integer> settling = new HashMap<>();

  /** The same, up to this pass. */
  private Map<Long, Integer> stillSettling = new HashMap<>();

  private long passes;
  private long scanned;
  private long candidates;
  private long promoted;
  private long refused;

  private volatile Counts counts = new Counts(0, 0, 0, 0, 0);

  /**
   * A scanner that stands at the first block.
   *
   * @param blocksPerSecond the most that its thread looks at
   * @param passes in how many in a row a block is found full before it is tried
   * @throws IllegalArgumentException if one is less than 1
   */
  public PromotionScanner(
      TdpMmu mmu, MemorySlots slots, Promotion promotion, int blocksPerSecond, int passes) {
    if (blocksPerSecond < 1 || passes < 1) {
      throw new IllegalArgumentException(
          String.format("%d blocks a second, %d passes: not positive", blocksPerSecond, passes));
    }
    this.mmu = mmu;
    this.geometry = mmu.geometry();
    this.slots = slots;
    this.promotion = promotion;
    this.blocksPerSecond = blocksPerSecond;
    this.settledAfter = passes;
    this.walker = mmu.newWalker();
  }

  /** What it has done, up to its last step; wait-free. */
  public Counts counts() {
    return counts;
  }

  // Step by step.

  /**
   * Looks at the next blocks, and promotes what is to be promoted. Ends behind the last slot; the
   * next step then begins at the first.
   *
   * @param blocks of 2M, at most
   * @return how many tables became a leaf
   * @throws IllegalStateException if it, or the machine, is closed
   * @throws dev.septum.mmu.MachineBuggedException if the machine is bugged
   */
  public synchronized int step(int blocks) {
    if (closed) {
      throw new IllegalStateException("the scanner is closed");
    }
    mmu.checkUsable();
    long before = promoted;
    try {
      List<MemorySlot> all = slots.all();
      for (int left = blocks; left > 0; left--) {
        if (!scanNext(all)) {
          endPass();
          break;
        }
      }
      tryRun();
    } finally {
      walker.handOverDead();
      counts = new Counts(passes, scanned, candidates, promoted, refused);
    }
    return (int) (promoted - before);
  }

  /** Steps to the end of the pass; else as {@link #step}. */
  public int scanOnce() {
    return step(Integer.MAX_VALUE);
  }

  /** Looks at the next block of the slots; false if there is none. */
  private boolean scanNext(List<MemorySlot> all) {
    long pages = geometry.pages(PageLevel.PG_2M);
    for (MemorySlot slot : all) {
      long gfn = Math.max(next, slot.range().start() + pages - 1 & -pages);
      GuestMemfd memfd = slot.guestMemfd();
      if (memfd != null && gfn + pages <= slot.range().end()) {
        next = gfn + pages;
        scanned++;
        consider(slot, memfd, gfn, PageLevel.PG_2M);
        if (geometry.maxLeafLevel() == PageLevel.PG_1G
            && geometry.round(next, PageLevel.PG_1G) == next) {
          tryRun(); // what it makes may be the last that a block of 1G lacks
          consider(slot, memfd, next - geometry.pages(PageLevel.PG_1G), PageLevel.PG_1G);
        }
        return true;
      }
    }
    return false;
  }

  private void endPass() {
    next = 0;
    passes++;
    settling = stillSettling;
    stillSettling = new HashMap<>();
  }

  private void consider(MemorySlot slot, GuestMemfd memfd, long gfn, int level) {
    if (gfn < slot.range().start() || memfd.level(gfn) < level || !isFull(slot, gfn, level)) {
      return;
    }
    candidates++;
    int found = settling.getOrDefault(key(gfn, level), 0) + 1;
    if (found < settledAfter) {
      stillSettling.put(key(gfn, level), found);
    } else if (level == PageLevel.PG_2M) {
      addToRun(gfn);
    } else {
      promote(GfnRange.ofPages(gfn, geometry.pages(level)), level);
    }
  }

  private void addToRun(long gfn) {
    if (gfn != runEnd || runEnd - runStart >= ChangeBatch.FULL_PAGES) {
      tryRun();
      runStart = gfn;
    }
    runEnd = gfn + geometry.pages(PageLevel.PG_2M);
  }

  private void tryRun() {
    if (runEnd > runStart) {
      GfnRange run = new GfnRange(runStart, runEnd);
      runStart = runEnd; // whatever comes of it
      promote(run, PageLevel.PG_2M);
    }
  }

  /** Tries blocks of a level; each becomes a leaf, or is refused. */
  private void promote(GfnRange range, int level) {
    long blocks = range.pages() / geometry.pages(level);
    long made = promotion.promoteAccepted(walker, range, level);
    promoted += made;
    refused += blocks - made;
  }

  private static long key(long gfn, int level) {
    return gfn << 1 | (level == PageLevel.PG_2M ? 0 : 1);
  }

  /** Whether a table of leaves maps every frame of a block; a look, out of date at once. */
  private boolean isFull(MemorySlot slot, long first, int level) {
    long end = first + geometry.pages(level);
    walker.section().open();
    try {
      for (long gfn = first; gfn < end; gfn += geometry.pages(level - 1)) {
        long entry = mmu.walkMirror(walker, gfn);
        if (!Spte.isPresent(entry)
            || walker.level() != level - 1
            || Spte.pfn(entry) != slot.pfnOf(gfn)) {
          return false;
        }
      }
      return true;
    } finally {
      walker.section().close();
    }
  }

  // In a thread of its own.

  /**
   * Begins to scan, in a daemon thread: some blocks, then a pause, so that the rate is kept. The
   * thread ends when this or the machine is closed, or when the machine is bugged; what else ends
   * it bugs the machine.
   *
   * @throws IllegalStateException if it has begun already, or is closed
   */
  public synchronized void start() {
    if (closed || thread != null) {
      throw new IllegalStateException(closed ? "the scanner is closed" : "the scanner is running");
    }
    mmu.checkUsable();
    thread = new Thread(this::run, "septum-promotion");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    int blocks = Math.max(1, blocksPerSecond / MOST_STEPS_PER_SECOND);
    long pause = TimeUnit.SECONDS.toNanos(1) * blocks / blocksPerSecond;
    try {
      while (stepUnlessClosed(blocks)) {
        LockSupport.parkNanos(this, pause);
        boolean unused = Thread.interrupted(); // or parking would be spinning
      }
    } catch (RuntimeException | Error failed) {
      if (!mmu.isClosed()) {
        mmu.health().bug("the promotion scanner has failed: " + failed);
      }
    }
  }

  private synchronized boolean stepUnlessClosed(int blocks) {
    if (!closed) {
      int unused = step(blocks);
    }
    return !closed;
  }

  /** Ends the thread, if there is one, behind its step. Closing again does nothing. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      running = thread;
    }
    if (running != null) {
      LockSupport.unpark(running);
      join(running);
    }
    walker.close();
  }

  private static void join(Thread running) {
    boolean interrupted = false;
    while (running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
