package dev.septum.trace;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Counts, kept in one stripe a thread and added up when someone asks: no thread writes a line that
 * another one writes. Sums are exact whenever no counted operation is under way.
 */
public final class MmuCounters {
  private static final int COUNTERS = MmuCounter.values().length;

  /**
   * Longs before the first counter, so that it shares no cache line, nor the one fetched with it.
   */
  private static final int PADDING = 16;

  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  private final List<Stripe> stripes = new ArrayList<>(); // guarded by this
  private final long[] closed = new long[COUNTERS]; // guarded by this

  /** Counters that stand at zero. */
  public MmuCounters() {}

  /** A stripe for one thread; blocking (a monitor), off every hot path. */
  public synchronized Stripe newStripe() {
    Stripe stripe = new Stripe();
    stripes.add(stripe);
    return stripe;
  }

  /** The sum of one counter over all threads. */
  public synchronized long sum(MmuCounter counter) {
    long sum = closed[counter.ordinal()];
    for (Stripe stripe : stripes) {
      sum += stripe.get(counter);
    }
    return sum;
  }

  /** All sums. */
  public synchronized Map<MmuCounter, Long> snapshot() {
    Map<MmuCounter, Long> sums = new EnumMap<>(MmuCounter.class);
    for (MmuCounter counter : MmuCounter.values()) {
      sums.put(counter, sum(counter));
    }
    return sums;
  }

  /** Keeps what a stripe has counted, and forgets the stripe. */
  public synchronized void close(Stripe stripe) {
    if (stripes.remove(stripe)) {
      for (MmuCounter counter : MmuCounter.values()) {
        closed[counter.ordinal()] += stripe.get(counter);
      }
    }
  }

  /** One thread's counts. Only that thread adds. */
  public static final class Stripe {
    private final long[] values = new long[PADDING + COUNTERS + PADDING];

    private Stripe() {}

    /** Adds; wait-free, without a fence. */
    public void add(MmuCounter counter, long delta) {
      int at = PADDING + counter.ordinal();
      LONGS.setOpaque(values, at, values[at] + delta);
    }

    /** Adds one. */
    public void increment(MmuCounter counter) {
      add(counter, 1);
    }

    /** What this thread has counted; exact for the thread itself. */
    public long get(MmuCounter counter) {
      return (long) LONGS.getOpaque(values, PADDING + counter.ordinal());
    }
  }
}
