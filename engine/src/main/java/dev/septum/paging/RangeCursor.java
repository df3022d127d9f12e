package dev.septum.paging;

/**
 * Visits the entries of a range of a tree in pre-order: a parent before its children, so that the
 * children that a split creates are visited by the same walk.
 *
 * <p>The first entry visited at each level is the one that covers the start of the range, even if
 * it begins before; the walk ends at the first entry that begins at or after the end. Entries below
 * the least level are not visited.
 *
 * <p>Before it steps down, the cursor reads the entry again, so it never enters a table that was
 * unlinked while it stood there. To be used inside one read section by one thread; after a yield
 * {@link #resume} starts again from the root, at the gfn that was to come next. Wait-free steps;
 * nothing is allocated.
 */
public final class RangeCursor {
  private final TableArena arena;
  private final Geometry geometry;
  private final int[] path = new int[PageLevel.values().length + 1];

  private int root;
  private long gfnBits;
  private int minLevel;
  private long end;

  /** Where the walk has come to: all before it is done, and {@link #resume} goes on from it. */
  private long goal;

  private long resumedAt;
  private boolean atStart;

  private int level;
  private long gfn;
  private int index;
  private long entry;

  /** A cursor over trees of one arena, standing nowhere. */
  public RangeCursor(TableArena arena) {
    this.arena = arena;
    this.geometry = arena.geometry();
  }

  /**
   * Begins a walk; {@link #next} then goes to its first entry.
   *
   * @param root the root's table
   * @param gfnBits what a gfn has besides wherever an index is taken of it; 0 in most trees
   * @param minLevel the lowest level to be visited, 1 to the tree's levels
   */
  public void begin(int root, long gfnBits, GfnRange range, int minLevel) {
    this.root = root;
    this.gfnBits = gfnBits;
    this.minLevel = minLevel;
    this.end = range.end();
    this.goal = range.start();
    this.resumedAt = goal;
    this.atStart = true;
  }

  /** Goes to the next entry; false at the end of the range. */
  public boolean next() {
    if (atStart) {
      atStart = false;
      level = geometry.levels();
      path[level] = root;
      goTo(geometry.round(goal, level));
      return gfn < end;
    }
    return (stepDown() || stepAside()) && gfn < end;
  }

  /** Goes to the next entry that is not below the present one; false at the end of the range. */
  public boolean nextAside() {
    return stepAside() && gfn < end;
  }

  /** Whether the walk has moved on since it began or was resumed, so that it may yield. */
  public boolean hasProgressed() {
    return goal != resumedAt;
  }

  /**
   * After the read section was left and entered again: {@link #next} begins at the root once more,
   * at the gfn that was to come next. Parents on the way to it are visited again.
   */
  public void resume() {
    resumedAt = goal;
    atStart = true;
  }

  /** The gfn that the walk has come to, of its range; an entry over it may begin before it. */
  public long position() {
    return goal;
  }

  /** The first gfn under the present entry. */
  public long gfn() {
    return gfn;
  }

  /** The level of the present entry. */
  public int level() {
    return level;
  }

  /** The present entry as it was read, or as {@link #update} has set it. */
  public long entry() {
    return entry;
  }

  /** The table that the present entry stands in. */
  public int table() {
    return path[level];
  }

  /** The index of the present entry in its table. */
  public int index() {
    return index;
  }

  /** Takes note of what the entry is now: the witness of a failed CAS, or what was written. */
  public void update(long now) {
    entry = now;
  }

  private boolean stepDown() {
    if (level == minLevel) {
      return false;
    }
    entry = arena.entryAcquire(path[level], index);
    if (!Spte.isTable(entry, level)) {
      return false;
    }
    level--;
    path[level] = Spte.table(entry);
    goTo(geometry.round(goal, level));
    return true;
  }

  /** Steps to the entry behind the present one, or behind its nearest ancestor that is not last. */
  private boolean stepAside() {
    while (index == geometry.entries() - 1) {
      if (level == geometry.levels()) {
        goal = end;
        return false;
      }
      level++;
      gfn = geometry.round(gfn, level);
      index = geometry.index(gfn | gfnBits, level);
    }
    goal = gfn + geometry.pages(level);
    goTo(goal);
    return true;
  }

  private void goTo(long to) {
    gfn = to;
    index = geometry.index(to | gfnBits, level);
    entry = arena.entryAcquire(path[level], index);
  }
}
