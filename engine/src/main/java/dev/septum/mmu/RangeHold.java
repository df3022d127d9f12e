package dev.septum.mmu;

import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;

/**
 * One operation's hold on the MMU lock and on its thread's read section, and the flush it owes. The
 * flush always comes before either is left.
 */
final class RangeHold {
  private final MmuLock lock;
  private final ReadSection section;
  private final TlbFlusher flusher;
  private final boolean flushAllOnZap;

  private boolean held;
  private boolean exclusive;
  private long stamp;

  /** The range around all that was changed since the last flush; empty if both are equal. */
  private long flushStart;

  private long flushEnd;
  private boolean zapped;

  RangeHold(MmuLock lock, ReadSection section, TlbFlusher flusher, MmuOptions options) {
    this.lock = lock;
    this.section = section;
    this.flusher = flusher;
    this.flushAllOnZap = options.flushAllOnZap();
  }

  void enterShared() {
    stamp = lock.lockShared();
    entered(false);
  }

  void enterExclusive() {
    stamp = lock.lockExclusive();
    entered(true);
  }

  /** Enters again, in the mode of the last time. */
  void reenter() {
    if (exclusive) {
      enterExclusive();
    } else {
      enterShared();
    }
  }

  private void entered(boolean alone) {
    exclusive = alone;
    section.open();
    held = true;
  }

  /** Whether someone waits whom this hold keeps out. */
  boolean isContended() {
    return exclusive ? lock.isContended() : lock.isContendedByExclusive();
  }

  /** Flushes, lets others in, and enters again. The caller must walk from the root again. */
  void giveWay() {
    flush();
    section.close();
    stamp = exclusive ? lock.yieldExclusive(stamp) : lock.yieldShared(stamp);
    section.open();
  }

  /** Flushes and leaves; does nothing if it has been left already. */
  void leave() {
    if (!held) {
      return;
    }
    held = false;
    try {
      flush();
    } finally {
      section.close();
      if (exclusive) {
        lock.unlockExclusive(stamp);
      } else {
        lock.unlockShared(stamp);
      }
    }
  }

  /** A table over these gfns was unlinked; their translations are as before. */
  void addCollapsed(long gfn, long pages) {
    boolean empty = flushEnd == flushStart;
    flushStart = empty ? gfn : Math.min(flushStart, gfn);
    flushEnd = empty ? gfn + pages : Math.max(flushEnd, gfn + pages);
  }

  /** Leaves over these gfns were removed. */
  void addZapped(long gfn, long pages) {
    addCollapsed(gfn, pages);
    zapped = true;
  }

  private void flush() {
    if (flushEnd == flushStart) {
      return;
    }
    long start = flushStart;
    long pages = flushEnd - flushStart;
    boolean released = zapped;
    flushStart = 0;
    flushEnd = 0;
    zapped = false;
    if (released && flushAllOnZap) {
      flusher.flushAll();
    } else {
      flusher.flush(start, pages);
    }
    if (released) {
      flusher.released(start, pages);
    }
  }
}
