package dev.septum.jmh.peers;

import dev.septum.paging.PageLevel;

/**
 * Maps that know nothing of ranges made to hold pages of three sizes: a map for each level, from
 * the first frame of a page to its leaf.
 *
 * <p>Looked up largest first, as a walk goes, since a large page hides what a fault might want to
 * map inside it. Levels above the largest page that there ever was are not looked up: a guest of
 * one page size pays for one lookup.
 */
abstract class LevelledMap implements PageMap, PageMap.View {
  /** The highest level in use; written under the monitor, upwards. */
  private volatile int top = PageLevel.PG_4K;

  /** Whether the entry was absent, and is there now. */
  abstract boolean putIfAbsent(int level, long block, long entry);

  /** The entry, or {@link #NOT_MAPPED}. */
  abstract long get(int level, long block);

  /** Removes the blocks whose first frames lie in a range; returns how many there were. */
  abstract long removeRange(int level, long start, long end);

  @Override
  public final View newView() {
    return this;
  }

  @Override
  public final boolean fault(long gfn, int level) {
    if (level > top) {
      raise(level);
    }
    for (int above = top; above > level; above--) {
      if (get(above, PageMap.block(gfn, above)) != NOT_MAPPED) {
        return false;
      }
    }
    return putIfAbsent(level, PageMap.block(gfn, level), PageMap.leaf(gfn, level));
  }

  private synchronized void raise(int level) {
    top = Math.max(top, level);
  }

  @Override
  public final long translate(long gfn) {
    for (int level = top; level >= PageLevel.PG_4K; level--) {
      long entry = get(level, PageMap.block(gfn, level));
      if (entry != NOT_MAPPED) {
        return entry;
      }
    }
    return NOT_MAPPED;
  }

  @Override
  public final long zap(long start, long pages) {
    long removed = 0;
    for (int level = top; level >= PageLevel.PG_4K; level--) {
      removed += removeRange(level, PageMap.block(start, level), start + pages);
    }
    return removed;
  }
}
