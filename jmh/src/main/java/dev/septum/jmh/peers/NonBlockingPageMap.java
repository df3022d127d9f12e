package dev.septum.jmh.peers;

import dev.septum.paging.PageLevel;
import org.jctools.maps.NonBlockingHashMapLong;

/** A hash map of primitive keys that blocks nobody. */
final class NonBlockingPageMap extends UnorderedMap {
  private final NonBlockingHashMapLong<Long>[] maps = newMaps();

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  private static NonBlockingHashMapLong<Long>[] newMaps() {
    NonBlockingHashMapLong[] maps = new NonBlockingHashMapLong[PageLevel.LEAF_LEVELS + 1];
    for (int level = PageLevel.PG_4K; level < maps.length; level++) {
      maps[level] = new NonBlockingHashMapLong<Long>();
    }
    return maps;
  }

  @Override
  boolean putIfAbsent(int level, long block, long entry) {
    return maps[level].putIfAbsent(block, Long.valueOf(entry)) == null;
  }

  @Override
  long get(int level, long block) {
    Long entry = maps[level].get(block);
    return entry == null ? NOT_MAPPED : entry;
  }

  @Override
  long size(int level) {
    return maps[level].size();
  }

  @Override
  boolean remove(int level, long block) {
    return maps[level].remove(block) != null;
  }

  @Override
  long sweep(int level, long start, long end) {
    long removed = 0;
    for (long block : maps[level].keySetLong()) {
      if (block >= start && block < end && remove(level, block)) {
        removed++;
      }
    }
    return removed;
  }
}
