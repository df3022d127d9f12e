package dev.septum.jmh.lock;

import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Phaser;

/**
 * Threads that all share a lock at once, parked, until they are told to let go: as vCPUs whose host
 * thread has lost its CPU in the middle of a fault.
 */
final class SharedHolders implements AutoCloseable {
  private final MmuLock lock;
  private final Phaser phaser = new Phaser(1);
  private final List<Thread> threads = new ArrayList<>();

  /**
   * So many, who hold nothing yet.
   *
   * @throws IllegalArgumentException if the lock can have but one holder
   */
  SharedHolders(LockKind kind, MmuLock lock, int count) {
    if (kind == LockKind.COARSE && count > 0) {
      throw new IllegalArgumentException("nobody shares a coarse lock: -p holders=0");
    }
    this.lock = lock;
    for (int i = 0; i < count; i++) {
      ReadSection section = lock.periods().register();
      phaser.register();
      Thread thread = new Thread(() -> holdInTurns(section), "holder-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
  }

  private void holdInTurns(ReadSection section) {
    while (phaser.arriveAndAwaitAdvance() >= 0) {
      long stamp = lock.lockShared(section);
      phaser.arriveAndAwaitAdvance();
      phaser.arriveAndAwaitAdvance();
      lock.unlockShared(section, stamp);
      phaser.arriveAndAwaitAdvance();
    }
  }

  /** Returns when all hold it. */
  void hold() {
    phaser.arriveAndAwaitAdvance();
    phaser.arriveAndAwaitAdvance();
  }

  /** Returns when none holds it any more. */
  void letGo() {
    phaser.arriveAndAwaitAdvance();
    phaser.arriveAndAwaitAdvance();
  }

  /** Ends the threads; none may hold the lock. */
  @Override
  public void close() {
    phaser.forceTermination();
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
