package dev.septum.jcstress.alone;

import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A lock that is looked at: who is in is counted inside the holds of the one behind it. All holds
 * change one word, so of two that overlap the later one sees the earlier.
 */
final class WatchedLock implements MmuLock {
  private static final int SHARED = 1;
  private static final int ALONE = 1 << 16;

  private final MmuLock lock;

  /**
   * Who is in: in the lower half those that share, in the upper half those that should be alone.
   */
  private final AtomicInteger holders = new AtomicInteger();

  private final AtomicInteger overlaps = new AtomicInteger();
  private final AtomicInteger shared = new AtomicInteger();
  private final AtomicInteger alone = new AtomicInteger();
  private volatile boolean met;

  WatchedLock(MmuLock lock) {
    this.lock = lock;
  }

  /** Holds that began while another was in that excludes them. */
  int overlaps() {
    return overlaps.get();
  }

  /** Whether somebody came while another was in that excluded him, and so had to wait. */
  boolean haveMet() {
    return met;
  }

  /** Shared holds that have begun. */
  int sharedHolds() {
    return shared.get();
  }

  /** Exclusive holds that have begun. */
  int holdsAlone() {
    return alone.get();
  }

  private static boolean excludes(int in, int hold) {
    return hold == ALONE ? in != 0 : in >= ALONE;
  }

  private void arrive(int hold) {
    if (excludes(holders.get(), hold)) {
      met = true;
    }
  }

  private void enter(int hold) {
    (hold == ALONE ? alone : shared).incrementAndGet();
    if (excludes(holders.getAndAdd(hold), hold)) {
      overlaps.incrementAndGet();
    }
  }

  private void leave(int hold) {
    holders.addAndGet(-hold);
  }

  @Override
  public GracePeriods periods() {
    return lock.periods();
  }

  @Override
  public long lockShared(ReadSection section) {
    arrive(SHARED);
    long stamp = lock.lockShared(section);
    enter(SHARED);
    return stamp;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    leave(SHARED);
    lock.unlockShared(section, stamp);
  }

  @Override
  public long lockExclusive() {
    arrive(ALONE);
    long stamp = lock.lockExclusive();
    enter(ALONE);
    return stamp;
  }

  @Override
  public void unlockExclusive(long stamp) {
    leave(ALONE);
    lock.unlockExclusive(stamp);
  }

  @Override
  public boolean isContended() {
    return lock.isContended();
  }

  @Override
  public boolean isContendedByExclusive() {
    return lock.isContendedByExclusive();
  }

  @Override
  public long yieldExclusive(long stamp) {
    leave(ALONE);
    long again = lock.yieldExclusive(stamp);
    enter(ALONE);
    return again;
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    leave(SHARED);
    long again = lock.yieldShared(section, stamp);
    enter(SHARED);
    return again;
  }

  @Override
  public boolean isHeldExclusive() {
    return lock.isHeldExclusive();
  }

  @Override
  public long exclusiveHolds() {
    return lock.exclusiveHolds();
  }
}
