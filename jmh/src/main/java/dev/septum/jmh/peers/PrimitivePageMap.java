package dev.septum.jmh.peers;

import dev.septum.paging.PageLevel;
import java.util.concurrent.locks.StampedLock;
import org.agrona.collections.Long2LongHashMap;

/**
 * A hash map of primitive longs, under a StampedLock.
 *
 * <p>It is read optimistically: Agrona's {@code get} takes the array once, its mask from that
 * array's length, and ends at the first key that it looks for or hole that it meets; an array is
 * never full. So a read beside a writer ends, throws nothing, and its result counts only if no
 * writer has been in.
 */
final class PrimitivePageMap extends UnorderedMap {
  private final StampedLock lock = new StampedLock();
  private final Long2LongHashMap[] maps = new Long2LongHashMap[PageLevel.LEAF_LEVELS + 1];

  PrimitivePageMap() {
    for (int level = PageLevel.PG_4K; level < maps.length; level++) {
      maps[level] = new Long2LongHashMap(NOT_MAPPED);
    }
  }

  @Override
  boolean putIfAbsent(int level, long block, long entry) {
    long stamp = lock.writeLock();
    try {
      return maps[level].putIfAbsent(block, entry) == NOT_MAPPED;
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  @Override
  long get(int level, long block) {
    long stamp = lock.tryOptimisticRead();
    if (stamp != 0) {
      long entry = maps[level].get(block);
      if (lock.validate(stamp)) {
        return entry;
      }
    }
    stamp = lock.readLock();
    try {
      return maps[level].get(block);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  @Override
  long size(int level) {
    long stamp = lock.readLock();
    try {
      return maps[level].size();
    } finally {
      lock.unlockRead(stamp);
    }
  }

  @Override
  boolean remove(int level, long block) {
    long stamp = lock.writeLock();
    try {
      return maps[level].remove(block) != NOT_MAPPED;
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  @Override
  long sweep(int level, long start, long end) {
    long stamp = lock.writeLock();
    try {
      Long2LongHashMap map = maps[level];
      int before = map.size();
      Long2LongHashMap.KeyIterator keys = map.keySet().iterator();
      while (keys.hasNext()) {
        long block = keys.nextValue();
        if (block >= start && block < end) {
          keys.remove();
        }
      }
      return (long) before - map.size();
    } finally {
      lock.unlockWrite(stamp);
    }
  }
}
