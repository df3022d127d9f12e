package dev.septum.simulator.replay;

import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.atomic.LongAdder;

/** The engine's own lock, and how often it is shared and yielded. */
final class CountingLock implements MmuLock {
  private final MmuLock lock = new BiasedMmuLock();
  private final LongAdder shared = new LongAdder();
  private final LongAdder yields = new LongAdder();

  /** Shared holds, those that a yield took again included; exact at rest. */
  long sharedHolds() {
    return shared.sum();
  }

  /** Yields in either mode; exact at rest. */
  long yields() {
    return yields.sum();
  }

  @Override
  public GracePeriods periods() {
    return lock.periods();
  }

  @Override
  public long lockShared(ReadSection section) {
    long stamp = lock.lockShared(section);
    shared.increment();
    return stamp;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    lock.unlockShared(section, stamp);
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
    return lock.isContendedByExclusive();
  }

  @Override
  public long yieldExclusive(long stamp) {
    yields.increment();
    return lock.yieldExclusive(stamp);
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    yields.increment();
    long again = lock.yieldShared(section, stamp);
    shared.increment();
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
