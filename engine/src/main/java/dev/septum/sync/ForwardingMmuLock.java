package dev.septum.sync;

/**
 * A lock in front of another: each call goes to the one behind, unless it is overridden. What the
 * one behind calls of itself does not come through here: who watches exclusive holds overrides the
 * yields as well, which take the lock again.
 *
 * <p>Progress, locks and memory ordering are those of the lock behind.
 */
public abstract class ForwardingMmuLock implements MmuLock {
  private final MmuLock behind;

  /** In front of a lock that is used through this one only. */
  protected ForwardingMmuLock(MmuLock behind) {
    this.behind = behind;
  }

  @Override
  public GracePeriods periods() {
    return behind.periods();
  }

  @Override
  public long lockShared(ReadSection section) {
    return behind.lockShared(section);
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    behind.unlockShared(section, stamp);
  }

  @Override
  public long lockExclusive() {
    return behind.lockExclusive();
  }

  @Override
  public void unlockExclusive(long stamp) {
    behind.unlockExclusive(stamp);
  }

  @Override
  public boolean isContended() {
    return behind.isContended();
  }

  @Override
  public boolean isContendedByExclusive() {
    return behind.isContendedByExclusive();
  }

  @Override
  public long yieldExclusive(long stamp) {
    return behind.yieldExclusive(stamp);
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    return behind.yieldShared(section, stamp);
  }

  @Override
  public boolean isHeldExclusive() {
    return behind.isHeldExclusive();
  }

  @Override
  public long exclusiveHolds() {
    return behind.exclusiveHolds();
  }
}
