package dev.septum.paging;

/**
 * Where the entry stands that a walk has ended at, and two tables on the way to gfns walked or
 * faulted before: what hardware calls a paging-structure cache. The next walk begins at the table
 * of 2M entries, if that is on its way.
 *
 * <p>Tables are remembered until {@link #begin} is told that they may be others by now. A table
 * that dies meanwhile ends up full of FROZEN entries; a walk that finds one begins again at the
 * root. Until then it reads what the table last said. Used by one thread.
 */
public final class EntryPlace {
  private static final long NO_GFN = -1;

  int table = TableArena.NO_TABLE;
  int level;

  /** A table of 2M entries on the way to {@link #middleGfn}; none if that is {@link #NO_GFN}. */
  int middle;

  long middleGfn = NO_GFN;

  /**
   * A table of 4K entries on the way to this gfn was kept for {@link TableArena#adjacentSlot}; none
   * if it is {@link #NO_GFN}.
   */
  long adjacentGfn = NO_GFN;

  /** What holds that table. */
  long[] chunk = {};

  /** Where it begins in {@link #chunk}. */
  int chunkOffset;

  private int root = TableArena.NO_TABLE;
  private long validity;

  /** Nowhere yet. */
  public EntryPlace() {}

  /** The table. */
  public int table() {
    return table;
  }

  /** The level of the table's entries. */
  public int level() {
    return level;
  }

  /**
   * Prepares for a walk in a tree.
   *
   * @param validity tables found under another value of it are forgotten
   */
  public void begin(int root, long validity) {
    if (root != this.root || validity != this.validity) {
      this.root = root;
      this.validity = validity;
      restart();
    }
  }

  int root() {
    return root;
  }

  /** Whether what {@link #begin} was told last still holds. */
  public boolean isValid(long validity) {
    return validity == this.validity;
  }

  /** Forgets all tables but the root. */
  public void restart() {
    middleGfn = NO_GFN;
    adjacentGfn = NO_GFN;
  }
}
