package dev.septum.jmh.peers;

import dev.septum.paging.PageLevel;
import java.util.concurrent.ConcurrentHashMap;

/** The map that everybody takes first. */
final class HashPageMap extends UnorderedMap {
  private final ConcurrentHashMap<Long, Long>[] maps = newMaps();

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  private static ConcurrentHashMap<Long, Long>[] newMaps() {
    ConcurrentHashMap[] maps = new ConcurrentHashMap[PageLevel.LEAF_LEVELS + 1];
    for (int level = PageLevel.PG_4K; level < maps.length; level++) {
      maps[level] = new ConcurrentHashMap<Long, Long>();
    }
    return maps;
  }

  @Override
  boolean putIfAbsent(int level, long block, long entry) {
    return maps[level].putIfAbsent(block, entry) == null;
  }

  @Override
  long get(int level, long block) {
    Long entry = maps[level].get(block);
    return entry == null ? NOT_MAPPED : entry;
  }

  @Override
  long size(int level) {
    return maps[level].mappingCount();
  }

  @Override
  boolean remove(int level, long block) {
    return maps[level].remove(block) != null;
  }

  @Override
  long sweep(int level, long start, long end) {
    long removed = 0;
    for (Long block : maps[level].keySet()) {
      if (block >= start && block < end && remove(level, block)) {
        removed++;
      }
    }
    return removed;
  }
}
