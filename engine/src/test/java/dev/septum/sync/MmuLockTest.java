package dev.septum.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Who is counted as a waiter, what a holder sees of it, and how many may share. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource
class MmuLockTest {
  private static final int MORE_THAN_THE_READER_BITS = 200;

  private final LockKind kind;
  private final MmuLock lock;
  private final ReadSection section;
  private final Crew crew = new Crew();

  MmuLockTest(LockKind kind) {
    this.kind = kind;
    this.lock = kind.newLock();
    this.section = newSection();
  }

  private ReadSection newSection() {
    return lock.periods().register();
  }

  @Test
  void aFreeLockIsNeitherHeldNorContended() {
    assertFalse(lock.isHeldExclusive());
    assertContention(0, false, false);
  }

  @Test
  void aReaderThatWaitsForAWriterIsCountedUntilItIsIn() {
    long stamp = lock.lockExclusive();
    crew.start(() -> lock.unlockShared(section, lock.lockShared(section)));
    Crew.await("the reader", () -> kind.waiters(lock) == 1);
    assertTrue(lock.isHeldExclusive());
    assertContention(1, true, false);
    lock.unlockExclusive(stamp);
    crew.join();
    assertContention(0, false, false);
  }

  @Test
  void aWriterThatWaitsForAWriterIsCountedUntilItIsIn() {
    long stamp = lock.lockExclusive();
    startWriter();
    assertContention(1, true, true);
    lock.unlockExclusive(stamp);
    crew.join();
    assertContention(0, false, false);
  }

  @Test
  void aWriterThatWaitsForAReaderIsCountedUntilItIsIn() {
    long stamp = lock.lockShared(section);
    startWriter();
    assertFalse(lock.isHeldExclusive());
    assertContention(1, true, true);
    lock.unlockShared(section, stamp);
    crew.join();
    assertContention(0, false, false);
  }

  @Test
  void readersShareWithoutWaiting() {
    ReadSection other = newSection();
    long first = lock.lockShared(section);
    long second = lock.lockShared(other);
    assertContention(0, false, false);
    lock.unlockShared(section, first);
    lock.unlockShared(other, second);
    lock.unlockExclusive(lock.lockExclusive());
  }

  @Test
  void aYieldWithNobodyWaitingKeepsTheMode() {
    long exclusive = lock.yieldExclusive(lock.lockExclusive());
    assertTrue(lock.isHeldExclusive());
    lock.unlockExclusive(exclusive);
    long shared = lock.yieldShared(section, lock.lockShared(section));
    assertFalse(lock.isHeldExclusive());
    lock.unlockShared(section, shared);
    lock.unlockExclusive(lock.lockExclusive());
    assertEquals(3, lock.exclusiveHolds()); // the yield took it again
  }

  @Test
  void aWaiterIsNotInterruptedAndKeepsItsInterrupt() {
    long stamp = lock.lockExclusive();
    AtomicInteger interrupted = new AtomicInteger();
    CountDownLatch in = new CountDownLatch(1);
    crew.start(
        () -> {
          Thread.currentThread().interrupt();
          long shared = lock.lockShared(section);
          interrupted.set(Thread.interrupted() ? 1 : -1);
          lock.unlockShared(section, shared);
          in.countDown();
        });
    Crew.await("the reader", () -> kind.waiters(lock) == 1);
    assertEquals(1, in.getCount());
    lock.unlockExclusive(stamp);
    crew.join();
    assertEquals(1, interrupted.get());
  }

  @Test
  void moreThreadsShareThanTheStampHasReaderBits() {
    CountDownLatch allIn = new CountDownLatch(MORE_THAN_THE_READER_BITS);
    CountDownLatch mayLeave = new CountDownLatch(1);
    AtomicInteger inside = new AtomicInteger();
    for (int i = 0; i < MORE_THAN_THE_READER_BITS; i++) {
      crew.start(
          () -> {
            ReadSection own = newSection();
            long stamp = lock.lockShared(own);
            inside.incrementAndGet();
            allIn.countDown();
            mayLeave.await();
            inside.decrementAndGet();
            lock.unlockShared(own, stamp);
          });
    }
    Crew.await("all readers to be in together", () -> allIn.getCount() == 0);
    assertEquals(0, kind.waiters(lock));
    AtomicInteger seenByWriter = new AtomicInteger(-1);
    crew.start(
        () -> {
          long stamp = lock.lockExclusive();
          seenByWriter.set(inside.get());
          lock.unlockExclusive(stamp);
        });
    Crew.await("the writer", lock::isContendedByExclusive);
    mayLeave.countDown();
    crew.join();
    assertEquals(0, seenByWriter.get());
  }

  private void startWriter() {
    crew.start(() -> lock.unlockExclusive(lock.lockExclusive()));
    Crew.await("the writer", lock::isContendedByExclusive);
  }

  private void assertContention(int waiters, boolean any, boolean exclusive) {
    assertEquals(waiters, kind.waiters(lock));
    assertEquals(any, lock.isContended());
    assertEquals(exclusive, lock.isContendedByExclusive());
  }
}
