package dev.septum.jmh.peers;

import dev.septum.paging.Geometry;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A page table as one would write it first: four levels of arrays, every operation under one lock.
 * Its own few lines, and not Septum's tree under another lock, which {@code
 * dev.septum.jmh.lock.FaultLockPaths} measures.
 */
final class RadixPageMap implements PageMap, PageMap.View {
  private static final Geometry GEOMETRY = Geometry.FOUR_LEVEL;

  private static final class Table {
    private final long[] entries = new long[GEOMETRY.entries()];
    private final @Nullable Table @Nullable [] children;

    Table(int level) {
      children = level == 1 ? null : new Table[GEOMETRY.entries()];
    }

    @Nullable Table child(int index) {
      return children == null ? null : children[index];
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Table root = new Table(GEOMETRY.levels());

  @Override
  public View newView() {
    return this;
  }

  @Override
  public boolean fault(long gfn, int level) {
    lock.lock();
    try {
      Table table = root;
      for (int at = GEOMETRY.levels(); at > level; at--) {
        int index = GEOMETRY.index(gfn, at);
        if (table.entries[index] != NOT_MAPPED || table.children == null) {
          return false;
        }
        Table child = table.children[index];
        if (child == null) {
          child = new Table(at - 1);
          table.children[index] = child;
        }
        table = child;
      }
      int index = GEOMETRY.index(gfn, level);
      if (table.entries[index] != NOT_MAPPED) {
        return false;
      }
      table.entries[index] = PageMap.leaf(gfn, level);
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long translate(long gfn) {
    lock.lock();
    try {
      Table table = root;
      for (int level = GEOMETRY.levels(); ; level--) {
        int index = GEOMETRY.index(gfn, level);
        Table child = table.child(index);
        if (table.entries[index] != NOT_MAPPED || child == null) {
          return table.entries[index];
        }
        table = child;
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long zap(long start, long pages) {
    lock.lock();
    try {
      return zap(root, GEOMETRY.levels(), 0, start, start + pages);
    } finally {
      lock.unlock();
    }
  }

  private static long zap(Table table, int level, long tableStart, long start, long end) {
    long step = GEOMETRY.pages(level);
    int first = (int) (Math.max(0, start - tableStart) / step);
    long last = Math.min(GEOMETRY.entries() - 1L, (end - 1 - tableStart) / step);
    long removed = 0;
    for (int index = first; index <= last; index++) {
      Table child = table.child(index);
      if (table.entries[index] != NOT_MAPPED) {
        table.entries[index] = NOT_MAPPED;
        removed++;
      } else if (child != null) {
        removed += zap(child, level - 1, tableStart + index * step, start, end);
      }
    }
    return removed;
  }
}
