package dev.septum.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is counted as a waiter, what a holder sees of it, and how many may share. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StampedMmuLockTest {
  private static final int MORE_THAN_THE_READER_BITS = 200;

  private final StampedMmuLock lock = new StampedMmuLock();
  private final Crew crew = new Crew();

  @Test
  void aFreeLockIsNeitherHeldNorContended() {
    assertFalse(lock.isHeldExclusive());
    assertContention(0, false, false);
  }

  @Test
  void aReaderThatWaitsForAWriterIsCountedUntilItIsIn() {
    long stamp = lock.lockExclusive();
    crew.start(() -> lock.unlockShared(lock.lockShared()));
    Crew.await("the reader", () -> lock.waiters() == 1);
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
    long stamp = lock.lockShared();
    startWriter();
    assertFalse(lock.isHeldExclusive());
    assertContention(1, true, true);
    lock.unlockShared(stamp);
    crew.join();
    assertContention(0, false, false);
  }

  @Test
  void readersShareWithoutWaiting() {
    long first = lock.lockShared();
    long second = lock.lockShared();
    assertContention(0, false, false);
    lock.unlockShared(first);
    lock.unlockShared(second);
    lock.unlockExclusive(lock.lockExclusive());
  }

  @Test
  void aYieldWithNobodyWaitingKeepsTheMode() {
    long exclusive = lock.yieldExclusive(lock.lockExclusive());
    assertTrue(lock.isHeldExclusive());
    lock.unlockExclusive(exclusive);
    long shared = lock.yieldShared(lock.lockShared());
    assertFalse(lock.isHeldExclusive());
    lock.unlockShared(shared);
    lock.unlockExclusive(lock.lockExclusive());
  }

  @Test
  void aWaiterIsNotInterruptedAndKeepsItsInterrupt() {
    long stamp = lock.lockExclusive();
    AtomicInteger interrupted = new AtomicInteger();
    CountDownLatch in = new CountDownLatch(1);
    crew.start(
        () -> {
          Thread.currentThread().interrupt();
          long shared = lock.lockShared();
          interrupted.set(Thread.interrupted() ? 1 : -1);
          lock.unlockShared(shared);
          in.countDown();
        });
    Crew.await("the reader", () -> lock.waiters() == 1);
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
            long stamp = lock.lockShared();
            inside.incrementAndGet();
            allIn.countDown();
            mayLeave.await();
            inside.decrementAndGet();
            lock.unlockShared(stamp);
          });
    }
    Crew.await("all readers to be in together", () -> allIn.getCount() == 0);
    assertEquals(0, lock.waiters());
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
    assertEquals(waiters, lock.waiters());
    assertEquals(any, lock.isContended());
    assertEquals(exclusive, lock.isContendedByExclusive());
  }
}
