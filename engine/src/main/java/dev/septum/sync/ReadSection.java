package dev.septum.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One thread's announcement that it is walking tables, and since when.
 *
 * <p>Only the owning thread opens, refreshes and closes its section; the reclaimer only reads. The
 * word stands on cache lines of its own, so that no reader writes a line that another one writes.
 * Not reentrant.
 */
public final class ReadSection extends ReadSectionTail {
  private final GracePeriods periods;
  private final Memory memory;

  /** What a thread remembers of tables from one section to the next. */
  public interface Memory {
    /** The tables may be others by now. */
    void forget();
  }

  ReadSection(GracePeriods periods, Memory memory) {
    this.periods = periods;
    this.memory = memory;
  }

  /**
   * Opens the section: from here on, no table that this thread can reach is used again before
   * {@link #close} or {@link #quiesce}. Wait-free: a store, a full fence.
   *
   * @throws IllegalStateException if the section is open already
   */
  public void open() {
    openAs(WALKING);
  }

  /** Opens the section as one that shares the MMU lock; else as {@link #open}. */
  void openShared() {
    openAs(SHARING);
  }

  /**
   * Announces the epoch of the last lapse first, which is there without a look at the epoch: if
   * that has advanced, it held back more than it had to.
   */
  private void openAs(long mode) {
    if (announced != CLOSED) {
      refuse();
    }
    GracePeriods known = periods; // or it is loaded again behind the fence, before the epoch can be
    // Release: who reads this in the place of the last close sees what was done before that.
    announceRelease(covered << 1 | mode);
    VarHandle.fullFence();
    long epoch = known.epochAcquire();
    if (epoch != covered) {
      announceRelease(epoch << 1 | mode);
      lapse(epoch);
    }
  }

  private void refuse() {
    if (announced == UNREGISTERED) {
      throw new IllegalStateException("read section is no longer registered");
    }
    throw new IllegalStateException(
        "read section is already open, since epoch " + (announced >>> 1));
  }

  /**
   * Says that the thread holds no table from before this call. Only inside an open section that
   * does not share the MMU lock; elsewhere it would open or give up what it must not.
   *
   * <p>Wait-free, and free of fences: one load when nothing was retired since the last time.
   */
  public void quiesce() {
    long epoch = periods.epochAcquire();
    long now = epoch << 1 | WALKING;
    if (now != announced) {
      announceRelease(now);
      lapse(epoch);
    }
  }

  private void lapse(long epoch) {
    covered = epoch;
    memory.forget();
  }

  /** Closes the section; wait-free, one release store. Closing a closed section does nothing. */
  public void close() {
    announceRelease(CLOSED);
  }

  /** Whether the section is open; for the owner's own assertions. */
  public boolean isOpen() {
    return announced != CLOSED && announced != UNREGISTERED;
  }
}

/**
 * The announced word: {@link #CLOSED}, or the latest epoch that the owner has seen, doubled, plus
 * one if it shares the MMU lock by it.
 */
abstract class ReadSectionWord extends PaddedHead {
  static final long CLOSED = 0;
  static final long UNREGISTERED = Long.MIN_VALUE;
  static final long WALKING = 0;
  static final long SHARING = 1;
  private static final VarHandle ANNOUNCED;

  static {
    try {
      ANNOUNCED =
          MethodHandles.lookup().findVarHandle(ReadSectionWord.class, "announced", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Read plainly by the owner alone. */
  long announced;

  /** The epoch at the last lapse; the owner's alone. Before the first, the least that there is. */
  long covered = 1;

  /** Whether the owner may still hold what was retired with this stamp. */
  final boolean holdsAcquire(long stamp) {
    long now = (long) ANNOUNCED.getAcquire(this);
    return now != CLOSED && now >>> 1 <= stamp;
  }

  /** Closes it for good; false if it is open. */
  final boolean tryUnregister() {
    long old = (long) ANNOUNCED.compareAndExchange(this, CLOSED, UNREGISTERED);
    return old == CLOSED || old == UNREGISTERED;
  }

  /** Whether the owner shares the MMU lock by its section. */
  final boolean isSharingAcquire() {
    return ((long) ANNOUNCED.getAcquire(this) & SHARING) != 0;
  }

  final void announceRelease(long word) {
    ANNOUNCED.setRelease(this, word);
  }
}

/** Keeps what lies behind the announced word off its cache line. */
@SuppressWarnings("unused") // padding
abstract class ReadSectionTail extends ReadSectionWord {
  private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;
}
