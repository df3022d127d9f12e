package dev.septum.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.StampedLock;

/**
 * An {@link MmuLock} over {@link StampedLock}.
 *
 * <h2>Why there is more than a StampedLock here</h2>
 *
 * StampedLock does not show its queue, and its {@code try} methods barge past it. Septum needs the
 * queue for two things: a long zap must learn that a fault is waiting, and a holder that yields
 * must not win the lock back at once. So every acquisition that cannot be had at the first try is
 * counted in {@code waiters} for as long as it waits.
 *
 * <h2>Hand-over</h2>
 *
 * A waiter notes the yield generation, and is counted then. A holder that yields while someone is
 * counted advances the generation, lets go, and comes back only when a waiter with an older
 * generation has reported that it got in, or when nobody waits any more. Whoever was counted has an
 * older generation, and is admitted in the end (StampedLock queues it), so the wait of the one who
 * yields is bounded by theirs; those who come later do not prolong it.
 *
 * <h2>No starved writer</h2>
 *
 * {@code tryReadLock} would overtake a queued writer for ever, and so would the first try of {@code
 * readLock} (JDK 17 to 25). While an exclusive waiter is counted, shared acquisitions go to the
 * queue, by the timed form.
 */
public final class StampedMmuLock implements MmuLock {
  private static final VarHandle WAITERS;
  private static final VarHandle EXCLUSIVE_WAITERS;
  private static final VarHandle YIELD_GENERATION;
  private static final VarHandle SERVED_GENERATION;
  private static final VarHandle EXCLUSIVE_HOLDS;

  static {
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    try {
      WAITERS = lookup.findVarHandle(StampedMmuLock.class, "waiters", int.class);
      EXCLUSIVE_WAITERS = lookup.findVarHandle(StampedMmuLock.class, "exclusiveWaiters", int.class);
      YIELD_GENERATION = lookup.findVarHandle(StampedMmuLock.class, "yieldGeneration", long.class);
      SERVED_GENERATION =
          lookup.findVarHandle(StampedMmuLock.class, "servedGeneration", long.class);
      EXCLUSIVE_HOLDS = lookup.findVarHandle(StampedMmuLock.class, "exclusiveHolds", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Less than any generation. */
  private static final long NOBODY_WAITS = -1;

  private final GracePeriods periods;
  private final StampedLock lock = new StampedLock();
  private volatile int waiters;
  private volatile int exclusiveWaiters;
  private volatile long yieldGeneration;
  private volatile long servedGeneration;
  private long exclusiveHolds;

  /** A lock that nobody holds. */
  public StampedMmuLock() {
    this(new GracePeriods());
  }

  StampedMmuLock(GracePeriods periods) {
    this.periods = periods;
  }

  @Override
  public GracePeriods periods() {
    return periods;
  }

  @Override
  public long lockShared(ReadSection section) {
    if (section.isOpen()) {
      throw new IllegalStateException("a shared hold was begun inside a read section");
    }
    long stamp = exclusiveWaiters == 0 ? lock.tryReadLock() : 0;
    if (stamp == 0) {
      long arrival = beginWait();
      try {
        stamp = queueShared();
      } finally {
        endWait(arrival);
      }
    }
    section.open();
    return stamp;
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    section.close();
    lock.unlockRead(stamp);
  }

  @Override
  public long lockExclusive() {
    long stamp = tryLockExclusive();
    if (stamp != 0) {
      return stamp;
    }
    long arrival = beginExclusiveWait();
    try {
      return awaitExclusive();
    } finally {
      endExclusiveWait(arrival);
    }
  }

  /** Takes the lock alone if nobody is in; else 0. */
  long tryLockExclusive() {
    long stamp = lock.tryWriteLock();
    if (stamp != 0) {
      countHold();
    }
    return stamp;
  }

  /** Takes the lock alone. Whoever calls it has counted itself among the waiters. */
  long awaitExclusive() {
    long stamp = lock.writeLock();
    countHold();
    return stamp;
  }

  private void countHold() {
    EXCLUSIVE_HOLDS.setOpaque(this, exclusiveHolds + 1);
  }

  @Override
  public void unlockExclusive(long stamp) {
    lock.unlockWrite(stamp);
  }

  @Override
  public boolean isContended() {
    return waiters != 0;
  }

  @Override
  public boolean isContendedByExclusive() {
    return exclusiveWaiters != 0;
  }

  @Override
  public long yieldExclusive(long stamp) {
    long awaited = beginYield(isContended());
    unlockExclusive(stamp);
    awaitServed(awaited);
    return lockExclusive();
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    long awaited = beginYield(isContendedByExclusive());
    unlockShared(section, stamp);
    awaitServed(awaited);
    return lockShared(section);
  }

  @Override
  public boolean isHeldExclusive() {
    return lock.isWriteLocked();
  }

  @Override
  public long exclusiveHolds() {
    return (long) EXCLUSIVE_HOLDS.getOpaque(this);
  }

  /** Threads that wait for the lock in either mode, at some instant during the call; wait-free. */
  public int waiters() {
    return waiters;
  }

  /** Takes the lock shared, behind whoever is queued, for as long as it takes. */
  private long queueShared() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          long stamp = lock.tryReadLock(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
          if (stamp != 0) {
            return stamp;
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Counts the caller among the waiters and returns the generation it belongs to: one that is older
   * than any yield that sees it counted.
   */
  long beginWait() {
    long arrival = yieldGeneration;
    WAITERS.getAndAdd(this, 1);
    return arrival;
  }

  /** {@link #beginWait} of one who wants the lock alone. */
  long beginExclusiveWait() {
    long arrival = beginWait();
    EXCLUSIVE_WAITERS.getAndAdd(this, 1);
    return arrival;
  }

  /** {@link #endWait} of one who wanted the lock alone. */
  void endExclusiveWait(long arrival) {
    endWait(arrival);
    EXCLUSIVE_WAITERS.getAndAdd(this, -1);
  }

  /** Reports that a waiter got in: it serves every yield that began after its arrival. */
  void endWait(long arrival) {
    long generation = yieldGeneration;
    long served = servedGeneration;
    while (generation != arrival && served < generation) {
      long witness = (long) SERVED_GENERATION.compareAndExchange(this, served, generation);
      if (witness == served) {
        break;
      }
      served = witness;
    }
    WAITERS.getAndAdd(this, -1);
  }

  /**
   * Begins a yield, before the lock is let go.
   *
   * @param contended whether somebody waits whom the holder keeps out
   * @return what to wait for, by {@link #awaitServed}
   */
  long beginYield(boolean contended) {
    long generation = (long) YIELD_GENERATION.getAndAdd(this, 1L) + 1;
    return contended ? generation : NOBODY_WAITS;
  }

  /** Waits until a waiter from before a yield has been let in, or nobody waits. */
  void awaitServed(long generation) {
    for (int tries = 0; waiters != 0 && servedGeneration < generation; tries++) {
      SpinWait.pause(tries);
    }
  }
}
