package dev.septum.sync;

/** A broken lock, for the checks to find: it excludes nobody. */
public final class NoLock implements MmuLock {
  private final GracePeriods periods = new GracePeriods();

  @Override
  public GracePeriods periods() {
    return periods;
  }

  @Override
  public long lockShared(ReadSection section) {
    section.open();
    return 1;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    section.close();
  }

  @Override
  public long lockExclusive() {
    return 1;
  }

  @Override
  public void unlockExclusive(long stamp) {}

  @Override
  public boolean isContended() {
    return false;
  }

  @Override
  public boolean isContendedByExclusive() {
    return false;
  }

  @Override
  public long yieldExclusive(long stamp) {
    return stamp;
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    return stamp;
  }

  @Override
  public boolean isHeldExclusive() {
    return true;
  }

  @Override
  public long exclusiveHolds() {
    return 0;
  }
}
