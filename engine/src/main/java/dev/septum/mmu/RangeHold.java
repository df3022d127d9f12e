package dev.septum.mmu;

import dev.septum.sync.MmuLock;
import dev.septum.sync.PaddedHead;
import dev.septum.sync.ReadSection;

/**
 * One operation's hold on the MMU lock and on its thread's read section, and the flush it owes. The
 * flush always comes before either is left.
 */
final class RangeHold extends RangeHoldWords {
  private final MmuLock lock;
  private final ReadSection section;
  private final TlbFlusher flusher;
  private final MachineHealth health;
  private final boolean flushAllOnZap;

  @SuppressWarnings("unused") // padding
  private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

  RangeHold(
      MmuLock lock,
      ReadSection section,
      TlbFlusher flusher,
      MachineHealth health,
      MmuOptions options) {
    this.lock = lock;
    this.section = section;
    this.flusher = flusher;
    this.health = health;
    this.flushAllOnZap = options.flushAllOnZap();
  }

  /**
   * Takes lock and section, if the machine may be used.
   *
   * @throws IllegalStateException if the section is open already, or the machine is closed or
   *     bugged; then nothing is held
   */
  void enter(boolean alone) {
    enterAnyway(alone);
    try {
      health.check();
    } catch (IllegalStateException unusable) {
      leave();
      throw unusable;
    }
  }

  /** Takes lock and section, whatever state the machine is in. */
  void enterAnyway(boolean alone) {
    if (section.isOpen()) {
      throw new IllegalStateException("an operation was begun inside a read section");
    }
    exclusive = alone;
    if (alone) {
      stamp = lock.lockExclusive();
      section.open();
    } else {
      stamp = lock.lockShared(section);
    }
    held = true;
  }

  /** Enters again, in the mode of the last time. */
  void reenter() {
    enter(exclusive);
  }

  /** Whether someone waits whom this hold keeps out. */
  boolean isContended() {
    return exclusive ? lock.isContended() : lock.isContendedByExclusive();
  }

  /** Flushes, lets others in, and enters again. The caller must walk from the root again. */
  void giveWay() {
    flush();
    if (exclusive) {
      section.close();
      stamp = lock.yieldExclusive(stamp);
      section.open();
    } else {
      stamp = lock.yieldShared(section, stamp);
    }
    health.check();
  }

  /** Flushes and leaves; does nothing if it has been left already. */
  void leave() {
    if (!held) {
      return;
    }
    try {
      flush();
    } finally {
      held = false;
      if (exclusive) {
        section.close();
        lock.unlockExclusive(stamp);
      } else {
        lock.unlockShared(section, stamp);
      }
    }
  }

  /** Whether the lock is, or was last, held alone. */
  boolean isExclusive() {
    return exclusive;
  }

  /** Whether lock and section are held now. */
  boolean isHeld() {
    return held;
  }

  /** A table over these gfns was unlinked; their translations are as before. */
  void addUnlinked(long gfn, long pages) {
    boolean empty = flushEnd == flushStart;
    flushStart = empty ? gfn : Math.min(flushStart, gfn);
    flushEnd = empty ? gfn + pages : Math.max(flushEnd, gfn + pages);
  }

  /** Leaves over these gfns were removed. */
  void addZapped(long gfn, long pages) {
    addUnlinked(gfn, pages);
    zapped = true;
  }

  /** These private pages were removed, by an external table that has kept track of their users. */
  void releasePrivate(long gfn, long pages) {
    flusher.releasedPrivate(gfn, pages);
  }

  /**
   * Does the flush that is owed. If that fails, translations may be left: the machine is bugged.
   */
  void flush() {
    if (flushEnd == flushStart) {
      return;
    }
    long start = flushStart;
    long pages = flushEnd - flushStart;
    boolean released = zapped;
    flushStart = 0;
    flushEnd = 0;
    zapped = false;
    try {
      if (released && flushAllOnZap) {
        flusher.flushAll();
      } else {
        flusher.flush(start, pages);
      }
      if (released) {
        flusher.released(start, pages);
      }
    } catch (RuntimeException | Error failed) {
      health.bug(
          String.format("the flush of gfns [0x%x, 0x%x) failed: %s", start, start + pages, failed));
      throw failed;
    }
  }
}

/** The hold, on cache lines of its thread's own. */
abstract class RangeHoldWords extends PaddedHead {
  boolean held;
  boolean exclusive;
  long stamp;

  /** The range around all that was changed since the last flush; empty if both are equal. */
  long flushStart;

  long flushEnd;
  boolean zapped;
}
