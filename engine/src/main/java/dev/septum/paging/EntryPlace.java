package dev.septum.paging;

/**
 * Where the entry stands that a walk has ended at, and the last tables on the way: what hardware
 * calls a paging-structure cache. The next walk begins at the lowest table known to lie on its way.
 *
 * <p>Tables are remembered until {@link #begin} is told that they may be others by now. A table
 * that dies meanwhile ends up full of FROZEN entries; a walk that finds one begins again at the
 * root. Until then it reads what the table last said. Used by one thread.
 */
public final class EntryPlace {
  private static final long NO_GFN = -1;

  int table = TableArena.NO_TABLE;
  int level;

  /** The gfn of the last walk: {@link #table} lies on the way to it. */
  long gfn;

  /** A table of 2M entries on the way to {@link #middleGfn}; none if that is {@link #NO_GFN}. */
  int middle;

  long middleGfn = NO_GFN;

  /**
   * The table of 4K entries on the way to this gfn was looked up for installing beside the last
   * leaf; none if it is {@link #NO_GFN}.
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
  public void begin(int root, int levels, long validity) {
    if (root != this.root || validity != this.validity) {
      this.validity = validity;
      restart(root, levels);
    }
  }

  int root() {
    return root;
  }

  /** Whether what {@link #begin} was told last still holds. */
  public boolean isValid(long validity) {
    return validity == this.validity;
  }

  /** Whether no table but the root is remembered. */
  public boolean isAtRoot() {
    return table == root && middleGfn == NO_GFN;
  }

  /** Forgets all tables but the root. */
  public void restart(int root, int levels) {
    this.root = root;
    table = root;
    level = levels;
    middleGfn = NO_GFN;
    adjacentGfn = NO_GFN;
  }
}
