package dev.septum.jmh.peers;

import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import java.util.function.Supplier;

/**
 * Maps that know nothing of sizes made to hold pages of three: a map for each level.
 *
 * <p>Looked up largest first, as a walk goes, since a large page hides what a fault might want to
 * map inside it. Levels above the largest page that there ever was are not looked up: a guest of
 * small pages pays for one lookup.
 */
final class LevelledPageMap implements PageMap, PageMap.View {
  private final LevelMap[] levels = new LevelMap[PageLevel.LEAF_LEVELS + 1];

  /** The highest level in use; written under the monitor, upwards. */
  private volatile int top = PageLevel.PG_4K;

  LevelledPageMap(Supplier<LevelMap> newLevel) {
    for (int level = PageLevel.PG_4K; level < levels.length; level++) {
      levels[level] = newLevel.get();
    }
  }

  @Override
  public View newView() {
    return this;
  }

  @Override
  public boolean fault(long gfn, int level) {
    if (level > top) {
      raise(level);
    }
    for (int above = top; above > level; above--) {
      if (get(above, gfn) != NOT_MAPPED) {
        return false;
      }
    }
    return levels[level].putIfAbsent(PageMap.block(gfn, level), PageMap.leaf(gfn, level));
  }

  private synchronized void raise(int level) {
    top = Math.max(top, level);
  }

  private long get(int level, long gfn) {
    return levels[level].get(PageMap.block(gfn, level));
  }

  @Override
  public long translate(long gfn) {
    for (int level = top; level > PageLevel.PG_4K; level--) {
      long leaf = get(level, gfn);
      if (leaf != NOT_MAPPED) {
        return leaf;
      }
    }
    return get(PageLevel.PG_4K, gfn);
  }

  @Override
  public long zap(long start, long pages) {
    long removed = 0;
    for (int level = top; level >= PageLevel.PG_4K; level--) {
      long step = Geometry.FOUR_LEVEL.pages(level);
      removed += levels[level].removeRange(PageMap.block(start, level), start + pages, step);
    }
    return removed;
  }
}
