package dev.septum.mmu;

import dev.septum.paging.EntryPlace;
import dev.septum.paging.GfnRange;
import dev.septum.paging.RangeCursor;
import dev.septum.paging.TableCache;
import dev.septum.sync.ReadSection;
import dev.septum.trace.MmuCounters;

/**
 * What one thread brings to the MMU: its read section, its free tables, its stripe of the counters,
 * its place in a walk. Each vCPU has one; host threads borrow one for an operation. Used by one
 * thread at a time.
 */
public final class Walker implements AutoCloseable {
  final ReadSection section;
  final TableCache tables;
  final MmuCounters.Stripe counters;
  private final RangeCursor cursor;
  final RangeHold hold;

  /** Where the last walk ended, and the tables that it remembers while its section holds them. */
  final EntryPlace place;

  /** Changes of a mirror that are to be made together; filled and emptied inside one operation. */
  final ChangeBatch batch = new ChangeBatch();

  /** A table's entries as they were when they were looked at, by the level of the entries. */
  private final long[][] entries;

  private final TdpMmu mmu;
  private boolean closed;

  Walker(TdpMmu mmu, ReadSection section, EntryPlace place, TableCache tables, RangeHold hold) {
    this.mmu = mmu;
    this.section = section;
    this.place = place;
    this.tables = tables;
    this.hold = hold;
    this.counters = mmu.counters().newStripe();
    this.cursor = new RangeCursor(mmu.arena());
    this.entries = new long[mmu.geometry().levels() + 1][mmu.geometry().entries()];
  }

  /** This thread's read section; a vCPU keeps it open while it is in the guest. */
  public ReadSection section() {
    return section;
  }

  /** This thread's counts. */
  public MmuCounters.Stripe counters() {
    return counters;
  }

  /** The level at which the last walk ended. */
  public int level() {
    return place.level();
  }

  /**
   * Room for a table's entries of a level. This thread's alone; made with the walker, because a
   * detach wants it behind its CAS. Overwritten by the next look or detach at that level.
   */
  long[] entries(int level) {
    return entries[level];
  }

  /** This thread's cursor, at the beginning of a range of a tree. */
  RangeCursor cursorOver(Root root, GfnRange range, int minLevel) {
    cursor.begin(root.table(), root.gfnBits(), range, minLevel);
    return cursor;
  }

  /** Refuses to serve another MMU, or after it was closed. */
  void checkUsableBy(TdpMmu user) {
    if (user != mmu || closed) {
      throw new IllegalStateException("the walker is closed, or another MMU's");
    }
  }

  boolean isClosed() {
    return closed;
  }

  void setClosed() {
    closed = true;
  }

  /** Leaves lock and section, and hands over what the operation has unlinked. */
  void leave() {
    try {
      hold.leave();
    } finally {
      tables.endOperation();
    }
  }

  /**
   * Hands over the dead tables that it keeps: before a long pause, so that others may have them.
   */
  public void handOverDead() {
    tables.handOverDead();
  }

  /** Whether a range operation should let others in, or grace periods end, before it goes on. */
  boolean mustGiveWay() {
    return hold.isContended() || tables.isBacklogFull();
  }

  /** Flushes, leaves lock and section, and enters again; then the walk begins at the root. */
  void giveWay() {
    if (tables.isBacklogFull()) {
      hold.flush(); // what it throws, it throws with the lock held
      hold.leave();
      tables.drainBacklog();
      hold.reenter();
    } else {
      hold.giveWay();
    }
  }

  /**
   * Gives back its tables, and is forgotten. Its counts stay. Closing again does nothing.
   *
   * @throws IllegalStateException if its read section is open
   */
  @Override
  public void close() {
    mmu.forget(this);
  }
}
