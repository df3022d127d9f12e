package dev.septum.lincheck;

/**
 * What a direct root of four gfns in two blocks is to do, one operation after the other: two arrays
 * and no entry. Written from the table of operations in README, and from nothing of the engine.
 *
 * <p>A block is mapped by nothing, by one large leaf, or by a table. Of each gfn it is known
 * whether it is mapped, accessed, dirty; all gfns under a large leaf agree.
 */
public class TreeSpecification {
  static final int BLOCK = 2;
  static final int BLOCKS = 2;
  static final int GFNS = BLOCKS * BLOCK;
  static final String IS_DIRTY = " D";

  private enum Kind {
    EMPTY,
    LARGE,
    TABLE
  }

  private final Kind[] kinds = {Kind.TABLE, Kind.EMPTY};
  private final boolean[] mapped = {true, true, false, false};
  private final boolean[] accessed = {true, true, false, false};
  private final boolean[] dirty = new boolean[GFNS];

  /** A tree whose first block is a table of two pages that were read. */
  public TreeSpecification() {}

  /** A block in words: which of its gfns are mapped, and whether any is accessed, or dirty. */
  static String block(String frames, boolean accessed, boolean dirty) {
    return frames + (accessed ? " A" : "") + (dirty ? IS_DIRTY : "");
  }

  private Kind kind(int gfn) {
    return kinds[gfn / BLOCK];
  }

  private void become(int gfn, Kind kind) {
    kinds[gfn / BLOCK] = kind;
  }

  private static int first(int gfn) {
    return gfn - gfn % BLOCK;
  }

  private void map(int gfn, boolean write) {
    mapped[gfn] = true;
    accessed[gfn] = true;
    dirty[gfn] = write;
  }

  private boolean isFull(int gfn) {
    return mapped[first(gfn)] && mapped[first(gfn) + 1];
  }

  /** A write at 4K. Whether the page had to be mapped; if not, nothing changes. */
  public boolean fault(int thread, int gfn) {
    if (mapped[gfn]) {
      return false;
    }
    become(gfn, Kind.TABLE);
    map(gfn, true);
    return true;
  }

  /** A read that may be mapped large: so a full table is merged. */
  public boolean faultLarge(int thread, int gfn) {
    switch (kind(gfn)) {
      case EMPTY -> {
        map(first(gfn), false);
        map(first(gfn) + 1, false);
        become(gfn, Kind.LARGE);
        return true;
      }
      case LARGE -> {
        return false;
      }
      case TABLE -> {
        boolean had = mapped[gfn];
        if (merge(thread, gfn / BLOCK) == 0 && !had) {
          map(gfn, false);
        }
        return !had;
      }
    }
    throw new AssertionError();
  }

  /** Whether hardware finds the page, in which case it has set A, and D if it writes. */
  public boolean access(int thread, int gfn, boolean write) {
    if (!mapped[gfn]) {
      return false;
    }
    boolean large = kind(gfn) == Kind.LARGE;
    for (int page = first(gfn); page < first(gfn) + BLOCK; page++) {
      if (page == gfn || large) {
        accessed[page] = true;
        dirty[page] |= write;
      }
    }
    return true;
  }

  /** A block, when nothing runs. */
  public String look(int thread, int block) {
    StringBuilder frames = new StringBuilder();
    boolean anyAccessed = false;
    boolean anyDirty = false;
    for (int gfn = block * BLOCK; gfn < (block + 1) * BLOCK; gfn++) {
      if (mapped[gfn]) {
        frames.append(gfn);
        anyAccessed |= accessed[gfn];
        anyDirty |= dirty[gfn];
      }
    }
    return block(frames.toString(), anyAccessed, anyDirty);
  }

  /** The frame of a page, or a negative number. */
  public int translate(int thread, int gfn) {
    return mapped[gfn] ? gfn : -1;
  }

  /** Leaves split, of one block. */
  public int split(int thread, int block) {
    if (kinds[block] != Kind.LARGE) {
      return 0;
    }
    kinds[block] = Kind.TABLE;
    return 1;
  }

  /** Tables merged, of one block: a full one, whose leaf is accessed or dirty if any page was. */
  public int merge(int thread, int block) {
    int gfn = block * BLOCK;
    if (kinds[block] != Kind.TABLE || !isFull(gfn)) {
      return 0;
    }
    kinds[block] = Kind.LARGE;
    accessed[gfn] |= accessed[gfn + 1];
    dirty[gfn] |= dirty[gfn + 1];
    accessed[gfn + 1] = accessed[gfn];
    dirty[gfn + 1] = dirty[gfn];
    return 1;
  }

  /** Leaves removed from a block to the end; tables stay. */
  public int zap(int thread, int from) {
    int removed = 0;
    for (int gfn = from * BLOCK; gfn < GFNS; gfn++) {
      if (mapped[gfn]) {
        removed++;
        if (kind(gfn) == Kind.LARGE) {
          mapped[first(gfn)] = false;
          mapped[first(gfn) + 1] = false;
          become(gfn, Kind.EMPTY);
        }
        mapped[gfn] = false;
      }
    }
    return removed;
  }

  /** Leaves removed from the first block, where nothing is mapped in the other. */
  public int zapBlock(int thread) {
    return zap(thread, 0);
  }

  /** Tables given back: those in which nothing is mapped. */
  public int trim(int thread) {
    int freed = 0;
    for (int block = 0; block < kinds.length; block++) {
      int gfn = block * BLOCK;
      if (kinds[block] == Kind.TABLE && !mapped[gfn] && !mapped[gfn + 1]) {
        kinds[block] = Kind.EMPTY;
        freed++;
      }
    }
    return freed;
  }
}
