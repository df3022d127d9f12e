package dev.septum.jmh.peers;

import java.util.concurrent.ConcurrentHashMap;

/** The map that everybody takes first. */
final class HashLevel extends UnorderedLevel {
  private final ConcurrentHashMap<Long, Long> map = new ConcurrentHashMap<>();

  @Override
  public boolean putIfAbsent(long block, long leaf) {
    return map.putIfAbsent(block, leaf) == null;
  }

  @Override
  public long get(long block) {
    return map.getOrDefault(block, PageMap.NOT_MAPPED);
  }

  @Override
  long size() {
    return map.mappingCount();
  }

  @Override
  boolean remove(long block) {
    return map.remove(block) != null;
  }

  @Override
  long sweep(long start, long end) {
    long removed = 0;
    for (Long block : map.keySet()) {
      if (block >= start && block < end && remove(block)) {
        removed++;
      }
    }
    return removed;
  }
}
