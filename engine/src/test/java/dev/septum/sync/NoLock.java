package dev.septum.sync;

/** A broken lock, for the checks to find: it excludes nobody. */
final class NoLock implements MmuLock {

  @Override
  public long lockShared() {
    return 1;
  }

  @Override
  public void unlockShared(long stamp) {}

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
  public long yieldShared(long stamp) {
    return stamp;
  }

  @Override
  public boolean isHeldExclusive() {
    return true;
  }
}
