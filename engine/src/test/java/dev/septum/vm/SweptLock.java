package dev.septum.vm;

import dev.septum.Crew;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.ForwardingMmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.CountDownLatch;

/** The MMU's lock, at which a {@link OneFault} may strike. */
final class SweptLock extends ForwardingMmuLock {
  private final BiasedMmuLock lock;
  private final OneFault fault;

  SweptLock(OneFault fault) {
    this(fault, new BiasedMmuLock());
  }

  private SweptLock(OneFault fault, BiasedMmuLock lock) {
    super(lock);
    this.fault = fault;
    this.lock = lock;
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
  public long lockShared(ReadSection section) {
    if (fault.isHeld("shared")) {
      letAnotherHoldIt();
    }
    return super.lockShared(section);
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    fault.pass("shared, left");
    super.unlockShared(section, stamp);
  }

  @Override
  public long lockExclusive() {
    if (fault.isHeld("exclusive")) {
      letAnotherHoldIt();
    }
    return super.lockExclusive();
  }

  @Override
  public void unlockExclusive(long stamp) {
    fault.pass("exclusive, left");
    super.unlockExclusive(stamp);
  }

  @Override
  public long yieldExclusive(long stamp) {
    fault.pass("yield");
    return super.yieldExclusive(stamp);
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    fault.pass("yield");
    return super.yieldShared(section, stamp);
  }
}
