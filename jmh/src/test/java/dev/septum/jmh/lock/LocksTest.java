package dev.septum.jmh.lock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The locks that are measured keep what MmuLock promises: else they are not comparable. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LocksTest {
  private static final int ROUNDS = 100_000;
  private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private interface Hold {
    void run(MmuLock lock, ReadSection section, Runnable inside);
  }

  private static void shared(MmuLock lock, ReadSection section, Runnable inside) {
    long stamp = lock.lockShared(section);
    inside.run();
    lock.unlockShared(section, stamp);
  }

  private static void exclusive(MmuLock lock, ReadSection section, Runnable inside) {
    long stamp = lock.lockExclusive();
    inside.run();
    lock.unlockExclusive(stamp);
  }

  private static void sharedTwice(MmuLock lock, ReadSection section, Runnable inside) {
    long stamp = lock.lockShared(section);
    inside.run();
    lock.unlockShared(section, lock.yieldShared(section, stamp));
  }

  private static void exclusiveTwice(MmuLock lock, ReadSection section, Runnable inside) {
    long stamp = lock.lockExclusive();
    inside.run();
    lock.unlockExclusive(lock.yieldExclusive(stamp));
  }

  /** Increments that were lost of a plain count, when two threads add to it under two holds. */
  private static long lost(MmuLock lock, Hold one, Hold other) throws InterruptedException {
    long[] count = new long[1];
    Thread thread = new Thread(() -> add(lock, one, count));
    thread.start();
    add(lock, other, count);
    thread.join();
    return 2 * ROUNDS - count[0];
  }

  private static void add(MmuLock lock, Hold hold, long[] count) {
    ReadSection section = lock.periods().register();
    for (int i = 0; i < ROUNDS; i++) {
      hold.run(lock, section, () -> count[0]++);
    }
  }

  @ParameterizedTest
  @EnumSource
  void anExclusiveHolderIsAlone(LockKind kind) throws InterruptedException {
    assertEquals(0, lost(kind.newLock(), LocksTest::exclusive, LocksTest::exclusive));
    assertEquals(0, lost(kind.newLock(), LocksTest::exclusive, LocksTest::shared));
    assertEquals(0, lost(kind.newLock(), LocksTest::exclusiveTwice, LocksTest::sharedTwice));
  }

  /** The same check, of holds that do not exclude each other. */
  @Test
  void theCheckFindsHoldersWhoAreNotAlone() throws InterruptedException {
    long lost = 0;
    for (int tries = 0; tries < 1000 && lost == 0; tries++) {
      lost = lost(LockKind.BIASED.newLock(), LocksTest::shared, LocksTest::shared);
    }
    assertTrue(lost > 0);
  }

  @ParameterizedTest
  @EnumSource
  void aYieldLetsTheWaiterInFirst(LockKind kind) throws InterruptedException {
    for (int round = 0; round < 100; round++) {
      MmuLock lock = kind.newLock();
      AtomicBoolean wasIn = new AtomicBoolean();
      long stamp = lock.lockExclusive();
      assertTrue(lock.isHeldExclusive());
      assertFalse(lock.isContended());
      Thread waiter =
          new Thread(() -> shared(lock, lock.periods().register(), () -> wasIn.set(true)));
      waiter.start();
      while (!lock.isContended()) {
        Thread.onSpinWait();
      }
      stamp = lock.yieldExclusive(stamp);
      assertTrue(wasIn.get(), "round " + round);
      lock.unlockExclusive(stamp);
      waiter.join();
      assertEquals(2, lock.exclusiveHolds() - (kind == LockKind.COARSE ? 1 : 0));
    }
  }

  @ParameterizedTest
  @EnumSource(names = "COARSE", mode = EnumSource.Mode.EXCLUDE)
  void fiveHundredShareItAtOnce(LockKind kind) {
    MmuLock lock = kind.newLock();
    try (SharedHolders holders = new SharedHolders(kind, lock, 500)) {
      holders.hold();
      assertFalse(lock.isContended());
      holders.letGo();
      lock.unlockExclusive(lock.lockExclusive());
      holders.hold();
      holders.letGo();
    }
  }

  @Test
  void nobodySharesACoarseLock() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new SharedHolders(LockKind.COARSE, LockKind.COARSE.newLock(), 1).close());
  }

  /** A run's tree is audited by the run itself. */
  @ParameterizedTest
  @EnumSource
  void everyScenarioRecordsWaits(Scenario scenario) {
    for (LockKind kind : LockKind.values()) {
      Histogram waits = new WaitRun(kind, scenario).run(RUN_NANOS);
      assertTrue(waits.getTotalCount() > 0, kind.name());
      assertTrue(waits.getMaxValue() > 0, kind.name());
    }
  }
}
