package dev.septum.jcstress.alone;

import dev.septum.jcstress.matrix.Hold;
import dev.septum.sync.SpinWait;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Two operations that are to meet at a lock. Whichever has its first hold stays in until the other
 * is kept out: it wants the lock, or a monitor that the first took before the lock. It does not
 * stay for ever, as the other may be over already, or not run at all. Once they have met it stays a
 * moment longer: an other that nothing keeps out comes in.
 */
final class Meeting {
  private static final ThreadLocal<@Nullable Party> PARTY = new ThreadLocal<>();
  private static final long MOST_NANOS = 20_000_000;
  private static final int A_MOMENT = 100;

  /** One of the two. */
  private static final class Party {
    /** Whose operation it is, while that is under way. */
    @Nullable volatile Thread thread;

    volatile boolean isOver;

    /** The hold that it waits for, or will have at once. */
    volatile Hold wanted = Hold.NONE;
  }

  private final Party first = new Party();
  private final Party second = new Party();
  private volatile boolean stays;
  private volatile boolean met;

  /** Whose hold was the last. */
  private final AtomicReference<@Nullable Party> last = new AtomicReference<>();

  private final AtomicInteger turns = new AtomicInteger();

  /** What may keep the other out too: held from before the first hold until after the last. */
  private volatile Object monitor = this;

  /**
   * Two that have not come yet.
   *
   * @param stays whether the first one that has a hold waits for the other
   */
  Meeting(boolean stays) {
    this.stays = stays;
  }

  void setMonitor(Object monitor) {
    this.monitor = monitor;
  }

  void runFirst(Runnable operation) {
    run(first, operation);
  }

  /** By another thread; or by the same one, in the middle of the first. */
  void runSecond(Runnable operation) {
    run(second, operation);
  }

  private static void run(Party party, Runnable operation) {
    Party outer = PARTY.get();
    PARTY.set(party);
    party.thread = Thread.currentThread();
    try {
      operation.run();
    } finally {
      party.isOver = true;
      party.thread = null;
      PARTY.set(outer);
    }
  }

  /** Whether somebody had to wait. */
  boolean haveMet() {
    return met;
  }

  /** How often a hold was not the same one's as the hold before; 2 if one came after the other. */
  int turns() {
    return turns.get();
  }

  /**
   * Somebody wants a hold.
   *
   * @param isKeptOut whether somebody is in whom it excludes
   */
  void want(Hold hold, boolean isKeptOut) {
    Party self = PARTY.get();
    if (self != null) {
      self.wanted = hold;
    }
    if (isKeptOut) {
      met = true;
    }
  }

  /** A hold has begun. */
  void begin(Hold hold) {
    Party self = PARTY.get();
    if (self == null) {
      return;
    }
    self.wanted = Hold.NONE;
    if (last.getAndSet(self) != self) {
      turns.incrementAndGet();
    }
    Party other = self == first ? second : first;
    boolean isFirstHold = stays;
    stays = false;
    if (isFirstHold) {
      long start = System.nanoTime();
      for (int tries = 0;
          !isKeptOut(other, hold) && !other.isOver && System.nanoTime() - start < MOST_NANOS;
          tries++) {
        SpinWait.pause(tries);
      }
    }
    if (isKeptOut(other, hold)) {
      met = true;
      for (int pause = 0; isFirstHold && pause < A_MOMENT; pause++) {
        Thread.onSpinWait();
      }
    }
  }

  private boolean isKeptOut(Party other, Hold hold) {
    Thread thread = other.thread;
    return !hold.overlaps(other.wanted)
        || (thread != null
            && thread.getState() == Thread.State.BLOCKED
            && Thread.holdsLock(monitor));
  }
}
