package dev.septum.jmh.lock;

import dev.septum.sync.ForwardingMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import dev.septum.sync.StampedMmuLock;

/**
 * An {@link MmuLock} that nobody shares, as KVM's was before the TDP MMU: a {@link StampedMmuLock}
 * that is taken alone in either mode.
 */
final class CoarseMmuLock extends ForwardingMmuLock {
  CoarseMmuLock() {
    super(new StampedMmuLock());
  }

  @Override
  public long lockShared(ReadSection section) {
    long stamp = lockExclusive();
    section.open();
    return stamp;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    section.close();
    unlockExclusive(stamp);
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    section.close();
    long again = yieldExclusive(stamp);
    section.open();
    return again;
  }

  @Override
  public boolean isContendedByExclusive() {
    return isContended();
  }
}
