package dev.septum.jmh.peers;

import dev.septum.paging.PageLevel;
import java.util.Iterator;
import java.util.concurrent.ConcurrentSkipListMap;

/** Skip lists: the one ready-made map that has ranges. */
final class SkipListPageMap extends LevelledMap {
  private final ConcurrentSkipListMap<Long, Long>[] maps = newMaps();

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  private static ConcurrentSkipListMap<Long, Long>[] newMaps() {
    ConcurrentSkipListMap[] maps = new ConcurrentSkipListMap[PageLevel.LEAF_LEVELS + 1];
    for (int level = PageLevel.PG_4K; level < maps.length; level++) {
      maps[level] = new ConcurrentSkipListMap<Long, Long>();
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
  long removeRange(int level, long start, long end) {
    long removed = 0;
    Iterator<Long> keys = maps[level].subMap(start, end).keySet().iterator();
    while (keys.hasNext()) {
      keys.next();
      keys.remove();
      removed++;
    }
    return removed;
  }
}
