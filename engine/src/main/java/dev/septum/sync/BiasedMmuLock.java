package dev.septum.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An {@link MmuLock} whose shared holders write only a line of their own.
 *
 * <h2>How it works</h2>
 *
 * While no exclusive holder is near, a thread shares the lock by opening its read section as one
 * that shares: the store and the full fence that announce a walk announce the hold as well. Then it
 * looks whether the bias has been revoked. Who wants the lock alone first takes it from a {@link
 * StampedMmuLock}, which orders those who exclude each other; then it revokes the bias, and waits
 * until no section shares any more. Each side has a full fence between its store (the section's
 * word; the revocation) and its look at the other's, so one of them sees the other: a shared hold
 * that the exclusive holder did not see has seen the revocation, closes its section, and goes to
 * the queue of the StampedMmuLock.
 *
 * <p>The linearization point of a shared hold is its look at the revocation, or the StampedLock's;
 * of an exclusive one, its look at the last section that shared.
 *
 * <h2>Who waits for whom</h2>
 *
 * The bias comes back when the exclusive holder lets go. Those that queued meanwhile hold the
 * StampedLock, so that the next one who wants it alone waits for them there, and by the revocation
 * for the others; nobody can come in while it waits, so it is not starved. The wait for the queue
 * and the wait for sections are counted as one: holders see it, and yield to it.
 *
 * <p>Exclusive holds cost a look at every section (two loads for each thread that uses the MMU).
 */
public final class BiasedMmuLock implements MmuLock {
  /** The stamp of a shared hold that is the section alone; no StampedLock gives it. */
  private static final long BY_SECTION = 0;

  /** No generation of yields. */
  private static final long NOT_WAITING = -1;

  private static final int BIASED = 0;
  private static final int REVOKED = 1;
  private static final int ALONE = 2;
  private static final VarHandle BIAS;

  static {
    try {
      BIAS = MethodHandles.lookup().findVarHandle(BiasedMmuLock.class, "bias", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final GracePeriods periods = new GracePeriods();
  private final StampedMmuLock queue = new StampedMmuLock(periods);

  /** Read by everyone, written only by who holds the queue's lock alone. */
  @SuppressWarnings("unused") // through BIAS
  private volatile int bias;

  /** A lock that nobody holds. */
  public BiasedMmuLock() {}

  @Override
  public GracePeriods periods() {
    return periods;
  }

  @Override
  public long lockShared(ReadSection section) {
    section.openShared();
    if ((int) BIAS.getAcquire(this) == BIASED) {
      return BY_SECTION;
    }
    section.close();
    return queue.lockShared(section);
  }

  @Override
  public void unlockShared(ReadSection section, long stamp) {
    if (stamp == BY_SECTION) {
      section.close();
    } else {
      queue.unlockShared(section, stamp);
    }
  }

  @Override
  public long lockExclusive() {
    long arrival = NOT_WAITING;
    long stamp = queue.tryLockExclusive();
    if (stamp == 0) {
      arrival = queue.beginExclusiveWait();
      stamp = queue.awaitExclusive();
    }
    BIAS.setOpaque(this, REVOKED);
    VarHandle.fullFence();
    ReadSection[] sections = periods.sections();
    int at = firstSharing(sections, 0);
    if (at < sections.length && arrival == NOT_WAITING) {
      arrival = queue.beginExclusiveWait();
    }
    for (int tries = 0; at < sections.length; tries++) {
      SpinWait.pause(tries);
      at = firstSharing(sections, at);
    }
    BIAS.setOpaque(this, ALONE);
    if (arrival != NOT_WAITING) {
      // Once for both waits: a shared holder that yields to this one still held when it was
      // counted.
      queue.endExclusiveWait(arrival);
    }
    return stamp;
  }

  private static int firstSharing(ReadSection[] sections, int from) {
    int at = from;
    while (at < sections.length && !sections[at].isSharingAcquire()) {
      at++;
    }
    return at;
  }

  @Override
  public void unlockExclusive(long stamp) {
    BIAS.setRelease(this, BIASED);
    queue.unlockExclusive(stamp);
  }

  @Override
  public boolean isContended() {
    return queue.isContended();
  }

  @Override
  public boolean isContendedByExclusive() {
    return queue.isContendedByExclusive();
  }

  @Override
  public long yieldExclusive(long stamp) {
    long awaited = queue.beginYield(isContended());
    unlockExclusive(stamp);
    queue.awaitServed(awaited);
    return lockExclusive();
  }

  @Override
  public long yieldShared(ReadSection section, long stamp) {
    long awaited = queue.beginYield(isContendedByExclusive());
    unlockShared(section, stamp);
    queue.awaitServed(awaited);
    return lockShared(section);
  }

  @Override
  public boolean isHeldExclusive() {
    return (int) BIAS.getOpaque(this) == ALONE;
  }

  @Override
  public long exclusiveHolds() {
    return queue.exclusiveHolds();
  }

  /** Threads that wait for the lock in either mode, at some instant during the call; wait-free. */
  public int waiters() {
    return queue.waiters();
  }
}
