package dev.septum.jmh.peers;

import java.util.Iterator;
import java.util.concurrent.ConcurrentSkipListMap;

/** A skip list: the one ready-made map that has ranges. */
final class SkipListLevel implements LevelMap {
  private final ConcurrentSkipListMap<Long, Long> map = new ConcurrentSkipListMap<>();

  @Override
  public boolean putIfAbsent(long block, long leaf) {
    return map.putIfAbsent(block, leaf) == null;
  }

  @Override
  public long get(long block) {
    return map.getOrDefault(block, PageMap.NOT_MAPPED);
  }

  @Override
  public long removeRange(long start, long end, long step) {
    long removed = 0;
    Iterator<Long> keys = map.subMap(start, end).keySet().iterator();
    while (keys.hasNext()) {
      keys.next();
      keys.remove();
      removed++;
    }
    return removed;
  }
}
