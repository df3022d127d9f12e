package dev.septum.simulator.soak;

import dev.septum.paging.GfnRange;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What one thread has done: how often, and the last operations one by one, in a ring. Written by
 * its thread, which allocates nothing for it; the counts may be read by any thread at any time.
 */
final class OperationLog {
  /** How many of the last operations are kept. */
  static final int KEPT = 512;

  private static final Operation[] OPERATIONS = Operation.values();
  private static final int UNDER_WAY = 0;

  private final String thread;
  private final int number;
  private final AtomicLongArray counts = new AtomicLongArray(OPERATIONS.length);
  private final byte[] operations = new byte[KEPT];
  private final long[] starts = new long[KEPT];
  private final long[] pages = new long[KEPT];
  private final long[] begun = new long[KEPT];
  private final long[] ended = new long[KEPT];
  private final long[] results = new long[KEPT];
  private long next;

  /**
   * Nothing was done yet.
   *
   * @param number the thread's; a vCPU's, if it runs one
   */
  OperationLog(String thread, int number) {
    this.thread = thread;
    this.number = number;
  }

  /**
   * One operation of the ring.
   *
   * @param log whose
   * @param sequence its number among the thread's, from 0 on
   * @param begun when, by {@link System#nanoTime}
   * @param ended when; 0 if it has not
   */
  record Entry(
      OperationLog log,
      long sequence,
      Operation operation,
      GfnRange range,
      long begun,
      long ended,
      long result) {
    boolean isUnderWay() {
      return ended == UNDER_WAY;
    }
  }

  String thread() {
    return thread;
  }

  int number() {
    return number;
  }

  /** An operation begins; returns its number. */
  long begin(Operation operation, long start, long count) {
    int at = (int) next & KEPT - 1;
    operations[at] = (byte) operation.ordinal();
    starts[at] = start;
    pages[at] = count;
    ended[at] = UNDER_WAY;
    begun[at] = System.nanoTime();
    return next++;
  }

  /** It has ended. */
  void end(long sequence, long result) {
    int at = (int) sequence & KEPT - 1;
    int operation = operations[at];
    counts.setOpaque(operation, counts.getPlain(operation) + 1);
    results[at] = result;
    ended[at] = System.nanoTime() | 1;
  }

  /** How many have ended; exact at rest. */
  long count(Operation operation) {
    return counts.getOpaque(operation.ordinal());
  }

  /** The last operations, oldest first. To be asked at rest; else they may not fit together. */
  List<Entry> last() {
    List<Entry> entries = new ArrayList<>();
    for (long sequence = Math.max(0, next - KEPT); sequence < next; sequence++) {
      int at = (int) sequence & KEPT - 1;
      entries.add(
          new Entry(
              this,
              sequence,
              OPERATIONS[operations[at]],
              GfnRange.ofPages(starts[at], pages[at]),
              begun[at],
              ended[at],
              results[at]));
    }
    return entries;
  }
}
