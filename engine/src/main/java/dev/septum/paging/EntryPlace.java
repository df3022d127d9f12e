package dev.septum.paging;

import dev.septum.sync.PaddedHead;

/**
 * Where the entry stands that a walk has ended at, and two tables on the way to gfns walked or
 * faulted before: what hardware calls a paging-structure cache. The next walk begins at the table
 * of 2M entries, if that is on its way.
 *
 * <p>Tables are remembered until {@link #begin} is told that they may be others by now. A table
 * that dies meanwhile ends up full of FROZEN entries; a walk that finds one begins again at the
 * root. Until then it reads what the table last said. Used by one thread.
 */
public final class EntryPlace extends EntryPlaceWords {
  @SuppressWarnings("unused") // padding
  private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

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

/** What a walk leaves, on cache lines of its thread's own. */
abstract class EntryPlaceWords extends PaddedHead {
  static final long NO_GFN = -1;

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

  int root = TableArena.NO_TABLE;
  long validity;
}
