package dev.septum.simulator.guest;

import dev.septum.sync.SpinWait;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * What is known of the pages of one block of 2M.
 *
 * <p>Each page has a count of how often the host has taken it or brought it back, odd while it is
 * at it. What was true of the page at an even count is true until the count moves. A vCPU holds a
 * page while it makes one access and notes what it did; it is out of the guest when it waits for a
 * hold, so nobody who kicks waits for it.
 */
final class PageBlock {
  static final int SHIFT = 9;
  static final int PAGES = 1 << SHIFT;

  private static final int NEVER = -1;
  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

  private final int[] taken = new int[PAGES];
  private final int[] held = new int[PAGES];
  private final int[] settledAt = new int[PAGES];
  private final int[] knownAt = new int[PAGES];
  private final long[] written = new long[PAGES];

  PageBlock() {
    Arrays.fill(settledAt, NEVER);
    Arrays.fill(knownAt, NEVER);
  }

  /** The index of a gfn in its block. */
  static int page(long gfn) {
    return (int) gfn & PAGES - 1;
  }

  int takenAcquire(int page) {
    return (int) INTS.getAcquire(taken, page);
  }

  boolean isBeingTaken(int page) {
    return (takenAcquire(page) & 1) != 0;
  }

  void countTakenRelease(int page) {
    INTS.setRelease(taken, page, taken[page] + 1);
  }

  // Of who holds the page.

  boolean tryHold(int page) {
    return (int) INTS.compareAndExchange(held, page, 0, 1) == 0;
  }

  void hold(int page) {
    for (int tries = 0; !tryHold(page); tries++) {
      SpinWait.pause(tries);
    }
  }

  void letGoRelease(int page) {
    INTS.setRelease(held, page, 0);
  }

  /** The last stamp that was written. */
  long written(int page) {
    return written[page];
  }

  /** Whether the page must hold {@link #written}, if this is its count. */
  boolean isKnown(int page, int taken) {
    return knownAt[page] == taken;
  }

  /** A stamp was written between two looks at the count. */
  void noteWritten(int page, long stamp, int before, int after) {
    written[page] = stamp;
    knownAt[page] = before == after && (before & 1) == 0 ? before : NEVER;
  }

  /** It holds something else than was written, and that was said once. */
  void noteFound(int page, long found) {
    written[page] = found;
  }

  /** What it holds was lost, and said to be. */
  void forgetWritten(int page) {
    knownAt[page] = NEVER;
  }

  // What a guest that keeps a record has accepted, or found to be shared.

  boolean isSettled(int page) {
    return (int) INTS.getAcquire(settledAt, page) == takenAcquire(page);
  }

  /** The monitor is held. */
  void noteSettledRelease(int page, int taken) {
    INTS.setRelease(settledAt, page, taken);
  }

  void forgetSettledRelease(int page) {
    INTS.setRelease(settledAt, page, NEVER);
  }
}
