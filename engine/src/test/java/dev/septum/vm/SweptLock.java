package dev.septum.vm;

import dev.septum.Crew;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.CountDownLatch;

/** The MMU's lock, at which a {@link OneFault} may strike. */
final class SweptLock implements MmuLock {
  private final BiasedMmuLock lock = new BiasedMmuLock();
  private final OneFault fault;

  SweptLock(OneFault fault) {
    this.fault = fault;
  }

  /** Has another thread hold the lock until this one waits for it and has been interrupted. */
  private void letAnotherHoldIt() {
    Thread waiter = Thread.currentThread();
    CountDownLatch isHeld = new CountDownLatch(1);
    Crew crew = new Crew();
    crew.start(
        () -> {
          long stamp = lock.lockExclusive();
          try {
            isHeld.countDown();
            Crew.await("a waiter", () -> lock.waiters() > 0);
            waiter.interrupt();
          } finally {
            lock.unlockExclusive(stamp);
          }
        });
    Crew.await("the holder", () -> isHeld.getCount() == 0);
  }

  @Override
  public GracePeriods periods() {
    return lock.periods();
  }

  @Override
  public long lockShared(ReadSection section) {
    if (fault.isHeld("shared")) {
      letAnotherHoldIt();
    }
    return lock.lockShared(section);
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    fault.pass("shared, left");
    lock.unlockShared(section, stamp);
  }

  @Override
  public long lockExclusive() {
    if (fault.isHeld("exclusive")) {
      letAnotherHoldIt();
    }
    return lock.lockExclusive();
  }

  @Override
  public void unlockExclusive(long stamp) {
    fault.pass("exclusive, left");
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
    fault.pass("yield");
    return lock.yieldExclusive(stamp);
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    fault.pass("yield");
    return lock.yieldShared(section, stamp);
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
