package dev.septum.jmh.peers;

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
final class PrimitiveLevel extends UnorderedLevel {
  private final StampedLock lock = new StampedLock();
  private final Long2LongHashMap map = new Long2LongHashMap(PageMap.NOT_MAPPED);

  @Override
  public boolean putIfAbsent(long block, long leaf) {
    long stamp = lock.writeLock();
    try {
      return map.putIfAbsent(block, leaf) == PageMap.NOT_MAPPED;
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  @Override
  public long get(long block) {
    long stamp = lock.tryOptimisticRead();
    if (stamp != 0) {
      long leaf = map.get(block);
      if (lock.validate(stamp)) {
        return leaf;
      }
    }
    stamp = lock.readLock();
    try {
      return map.get(block);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  @Override
  long size() {
    long stamp = lock.readLock();
    try {
      return map.size();
    } finally {
      lock.unlockRead(stamp);
    }
  }

  @Override
  boolean remove(long block) {
    long stamp = lock.writeLock();
    try {
      return map.remove(block) != PageMap.NOT_MAPPED;
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  @Override
  long sweep(long start, long end) {
    long stamp = lock.writeLock();
    try {
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
