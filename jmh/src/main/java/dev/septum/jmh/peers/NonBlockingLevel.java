package dev.septum.jmh.peers;

import org.jctools.maps.NonBlockingHashMapLong;

/** A hash map of primitive keys that blocks nobody. */
final class NonBlockingLevel extends UnorderedLevel {
  private final NonBlockingHashMapLong<Long> map = new NonBlockingHashMapLong<>();

  @Override
  public boolean putIfAbsent(long block, long leaf) {
    return map.putIfAbsent(block, Long.valueOf(leaf)) == null;
  }

  @Override
  public long get(long block) {
    Long leaf = map.get(block);
    return leaf == null ? PageMap.NOT_MAPPED : leaf;
  }

  @Override
  long size() {
    return map.size();
  }

  @Override
  boolean remove(long block) {
    return map.remove(block) != null;
  }

  @Override
  long sweep(long start, long end) {
    long removed = 0;
    for (long block : map.keySetLong()) {
      if (block >= start && block < end && remove(block)) {
        removed++;
      }
    }
    return removed;
  }
}
