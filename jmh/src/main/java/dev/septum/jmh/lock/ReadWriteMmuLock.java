package dev.septum.jmh.lock;

import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * An {@link MmuLock} over {@link ReentrantReadWriteLock}.
 *
 * <p>A fair one: its queue is first come, first served, as the kernel's, so who gives it up and
 * takes it again stands behind those who waited. Readers among themselves do not queue, and cost
 * what an unfair one's cost.
 */
final class ReadWriteMmuLock implements MmuLock {
  /** It has no stamps. */
  private static final long HELD = 1;

  private final GracePeriods periods = new GracePeriods();
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);

  /** Written by who holds the lock alone. */
  private volatile long exclusiveHolds;

  @Override
  public GracePeriods periods() {
    return periods;
  }

  @Override
  public long lockShared(ReadSection section) {
    lock.readLock().lock();
    section.open();
    return HELD;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    section.close();
    lock.readLock().unlock();
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // its writer is alone
  public long lockExclusive() {
    lock.writeLock().lock();
    exclusiveHolds++;
    return HELD;
  }

  @Override
  public void unlockExclusive(long stamp) {
    lock.writeLock().unlock();
  }

  @Override
  public boolean isContended() {
    return lock.hasQueuedThreads();
  }

  /** Who queues while the lock is shared is an exclusive waiter, or stands behind one. */
  @Override
  public boolean isContendedByExclusive() {
    return lock.hasQueuedThreads();
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
    return exclusiveHolds;
  }
}
