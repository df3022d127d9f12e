package dev.septum.mmu;

import dev.septum.mmu.ExternalPageTable.Outcome;
import dev.septum.paging.RangeCursor;
import dev.septum.paging.Spte;

/**
 * Changes of several entries of a mirror root that the external page table makes together, so that
 * what it has to do once for any number of entries it does once. All remove a leaf, or all merge a
 * table; no entry lies below another.
 *
 * <p>The external page table notes here how far it has come: what is blocked (the guest makes no
 * new translation through the entry), whether that is tracked (nobody holds an old one), which
 * changes have ended. So whoever asks again after BUSY asks for the rest.
 *
 * <p>Bounded, since the MMU lock is held exclusively meanwhile. One thread's own; used again,
 * nothing is allocated.
 */
public final class ChangeBatch {
  /** The most changes. */
  public static final int MOST_CHANGES = 64;

  /** A batch is full with the change that reaches so many pages of 4K: eight of 2M. */
  public static final long FULL_PAGES = 4096;

  private final int[] tables = new int[MOST_CHANGES];
  private final int[] indices = new int[MOST_CHANGES];
  private final int[] levels = new int[MOST_CHANGES];
  private final long[] gfns = new long[MOST_CHANGES];
  private final long[] olds = new long[MOST_CHANGES];
  private final long[] nows = new long[MOST_CHANGES];
  private final boolean[] done = new boolean[MOST_CHANGES];
  private int size;
  private long pages;
  private int blocked;
  private boolean tracked;
  private int ended;

  ChangeBatch() {}

  void clear() {
    size = 0;
    pages = 0;
    blocked = 0;
    tracked = false;
    ended = 0;
  }

  /** Adds a change; the batch is not full. */
  void add(int table, int index, int level, long gfn, long coveredPages, long old, long now) {
    tables[size] = table;
    indices[size] = index;
    levels[size] = level;
    gfns[size] = gfn;
    olds[size] = old;
    nows[size] = now;
    done[size] = false;
    size++;
    pages += coveredPages;
  }

  boolean isEmpty() {
    return size == 0;
  }

  boolean isFull() {
    return size == MOST_CHANGES || pages >= FULL_PAGES;
  }

  /**
   * Whether the walk that fills it may give way at the entry where it stands: before it goes down
   * into a further table, or while nothing is begun. What is begun is filled up in its table first,
   * since a batch of one costs as much tracking, and as many kicks, as one of many does.
   *
   * @param minLevel the lowest level of the walk
   */
  boolean mayPause(RangeCursor cursor, int minLevel) {
    return isEmpty() || (cursor.level() > minLevel && Spte.isTable(cursor.entry(), cursor.level()));
  }

  int table(int change) {
    return tables[change];
  }

  int index(int change) {
    return indices[change];
  }

  boolean isDone(int change) {
    return done[change];
  }

  /**
   * Which change is under way, to be named where one goes wrong: the first that is not blocked,
   * then the first that has not ended; the last if it is about all of them, as TRACK is.
   */
  int underWay() {
    return Math.min(tracked ? ended : Math.max(blocked, ended), size - 1);
  }

  // For the external page table.

  /** How many changes there are, numbered from 0. */
  public int size() {
    return size;
  }

  /** The first gfn under the entry of a change. */
  public long gfn(int change) {
    return gfns[change];
  }

  /** The level of the entry of a change. */
  public int level(int change) {
    return levels[change];
  }

  /** The entry before a change. */
  public long old(int change) {
    return olds[change];
  }

  /** The entry behind a change. */
  public long now(int change) {
    return nows[change];
  }

  /** How many entries, the first ones, are blocked. */
  public int blocked() {
    return blocked;
  }

  /** One entry more is blocked. */
  public void noteBlocked() {
    blocked++;
  }

  /** Whether nobody holds a translation any more through what is blocked, which is all. */
  public boolean isTracked() {
    return tracked;
  }

  /** From now on that is so. */
  public void noteTracked() {
    tracked = true;
  }

  /** How many changes, the first ones, have ended. */
  public int ended() {
    return ended;
  }

  /**
   * One change more has ended.
   *
   * @param outcome DONE or REFUSED
   */
  public void noteEnded(Outcome outcome) {
    done[ended] = outcome == Outcome.DONE;
    ended++;
  }
}
