package dev.septum.sync;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.StampedLock;

/**
 * A broken lock, for the checks to find: it excludes, but whoever yields takes it straight back,
 * and readers overtake a writer that waits.
 */
final class BargingLock implements MmuLock {
  private final GracePeriods periods = new GracePeriods();
  private final StampedLock lock = new StampedLock();
  private final AtomicInteger sharedWaiters = new AtomicInteger();
  private final AtomicInteger exclusiveWaiters = new AtomicInteger();

  @Override
  public GracePeriods periods() {
    return periods;
  }

  @Override
  public long lockShared(ReadSection section) {
    long stamp = lock.tryReadLock();
    if (stamp == 0) {
      sharedWaiters.incrementAndGet();
      stamp = lock.readLock();
      sharedWaiters.decrementAndGet();
    }
    section.open();
    return stamp;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    section.close();
    lock.unlockRead(stamp);
  }

  @Override
  public long lockExclusive() {
    long stamp = lock.tryWriteLock();
    if (stamp == 0) {
      exclusiveWaiters.incrementAndGet();
      stamp = lock.writeLock();
      exclusiveWaiters.decrementAndGet();
    }
    return stamp;
  }

  @Override
  public void unlockExclusive(long stamp) {
    lock.unlockWrite(stamp);
  }

  @Override
  public boolean isContended() {
    return sharedWaiters.get() + exclusiveWaiters.get() != 0;
  }

  @Override
  public boolean isContendedByExclusive() {
    return exclusiveWaiters.get() != 0;
  }

  @Override
  public long yieldExclusive(long stamp) {
    unlockExclusive(stamp);
    return lockExclusive();
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    unlockShared(section, stamp);
    return lockShared(section);
  }

  @Override
  public boolean isHeldExclusive() {
    return lock.isWriteLocked();
  }

  @Override
  public long exclusiveHolds() {
    return 0;
  }
}
