package dev.septum.jmh.lock;

import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import dev.septum.sync.StampedMmuLock;

/**
 * An {@link MmuLock} that nobody shares, as KVM's was before the TDP MMU: a {@link StampedMmuLock}
 * that is taken alone in either mode.
 */
final class CoarseMmuLock implements MmuLock {
  private final StampedMmuLock lock = new StampedMmuLock();

  @Override
  public GracePeriods periods() {
    return lock.periods();
  }

  @Override
  public long lockShared(ReadSection section) {
    long stamp = lock.lockExclusive();
    section.open();
    return stamp;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    section.close();
    lock.unlockExclusive(stamp);
  }

  @Override
  public long lockExclusive() {
    return lock.lockExclusive();
  }

  @Override
  public void unlockExclusive(long stamp) {
    lock.unlockExclusive(stamp);
  }

  @Override
  public boolean isContended() {
    return lock.isContended();
  }

  @Override
  public boolean isContendedByExclusive() {
    return lock.isContended();
  }

  @Override
  public long yieldExclusive(long stamp) {
    return lock.yieldExclusive(stamp);
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    section.close();
    long again = lock.yieldExclusive(stamp);
    section.open();
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
