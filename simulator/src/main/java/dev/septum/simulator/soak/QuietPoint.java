package dev.septum.simulator.soak;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Where all threads of a soak stand still. Each works inside, and comes out now and then; once the
 * auditor waits, none comes in again. What they did is seen by the auditor, and the other way
 * round.
 */
final class QuietPoint {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);

  /** Goes on with the work, as soon as nobody wants quiet. Blocking. */
  void goIn() {
    lock.readLock().lock();
  }

  /** Is between two operations. */
  void comeOut() {
    lock.readLock().unlock();
  }

  /** Whether the auditor waits, so that one who works comes out soon. */
  boolean isWanted() {
    return lock.hasQueuedThreads();
  }

  /** Waits until all have come out; false if one of them does not for so long. Blocking. */
  boolean await(long seconds) throws InterruptedException {
    return lock.writeLock().tryLock(seconds, TimeUnit.SECONDS);
  }

  /** The work goes on. */
  void end() {
    lock.writeLock().unlock();
  }
}
