package dev.septum.jmh.peers;

/**
 * A map without an order. A range is removed page by page, or by a look at all pages there are,
 * whichever are fewer.
 */
abstract class UnorderedLevel implements LevelMap {
  /** How many pages there are, about. */
  abstract long size();

  /** Whether the page was there, and is not any more. */
  abstract boolean remove(long block);

  /** Looks at all pages, and removes those of a range; returns how many. */
  abstract long sweep(long start, long end);

  @Override
  public final long removeRange(long start, long end, long step) {
    if ((end - start) / step > size()) {
      return sweep(start, end);
    }
    long removed = 0;
    for (long block = start; block < end; block += step) {
      removed += remove(block) ? 1 : 0;
    }
    return removed;
  }
}
