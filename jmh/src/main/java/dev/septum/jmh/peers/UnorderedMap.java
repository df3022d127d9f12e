package dev.septum.jmh.peers;

import dev.septum.paging.Geometry;

/**
 * Maps without an order. A range is removed page by page, or by a look at all pages there are,
 * whichever are fewer.
 */
abstract class UnorderedMap extends LevelledMap {
  /** How many pages of a level there are, about. */
  abstract long size(int level);

  /** Whether the block was there, and is not any more. */
  abstract boolean remove(int level, long block);

  /** Looks at all blocks of a level, and removes those of a range; returns how many. */
  abstract long sweep(int level, long start, long end);

  @Override
  final long removeRange(int level, long start, long end) {
    long step = Geometry.FOUR_LEVEL.pages(level);
    if ((end - start) / step > size(level)) {
      return sweep(level, start, end);
    }
    long removed = 0;
    for (long block = start; block < end; block += step) {
      removed += remove(level, block) ? 1 : 0;
    }
    return removed;
  }
}
