package dev.septum.td;

import dev.septum.tdx.TdxLeaf;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often a TD's host has called the module, and what came in the way. Any number of threads
 * count at once, without waiting for each other; sums are exact when none is counting.
 */
public final class SeamcallCounts {
  private static final TdxLeaf[] LEAVES = TdxLeaf.values();

  private final LongAdder[] calls = new LongAdder[LEAVES.length];
  private final LongAdder busy = new LongAdder();
  private final LongAdder interrupted = new LongAdder();
  private final LongAdder refusedPromotions = new LongAdder();
  private final LongAdder kicks = new LongAdder();
  private final LongAdder exclusions = new LongAdder();

  SeamcallCounts() {
    for (TdxLeaf leaf : LEAVES) {
      calls[leaf.ordinal()] = new LongAdder();
    }
  }

  void called(TdxLeaf leaf) {
    calls[leaf.ordinal()].increment();
  }

  void wasBusy() {
    busy.increment();
  }

  void wasInterrupted() {
    interrupted.increment();
  }

  void promotionRefused() {
    refusedPromotions.increment();
  }

  void kicked() {
    kicks.increment();
  }

  void excluded() {
    exclusions.increment();
  }

  /** Calls of a leaf function, whatever their status. */
  public long calls(TdxLeaf leaf) {
    return calls[leaf.ordinal()].sum();
  }

  /** Calls that found a lock held: each was made again, or the change given up for then. */
  public long busy() {
    return busy.sum();
  }

  /** Calls of DEMOTE and PROMOTE that were interrupted, and made again. */
  public long interrupted() {
    return interrupted.sum();
  }

  /** Tables that the module would not promote, because their pages are not alike. */
  public long refusedPromotions() {
    return refusedPromotions.sum();
  }

  /** How often all vCPUs were kicked out of the guest. */
  public long kicks() {
    return kicks.sum();
  }

  /** How often all vCPUs were kept out of the guest. */
  public long exclusions() {
    return exclusions.sum();
  }

  /** The leaf functions that were called at all, by their long names: {@code TDH.MEM.PAGE.AUG}. */
  public Map<String, Long> snapshot() {
    Map<String, Long> sums = new LinkedHashMap<>();
    for (TdxLeaf leaf : LEAVES) {
      long sum = calls(leaf);
      if (sum > 0) {
        sums.put(leaf.longName(), sum);
      }
    }
    return sums;
  }

  @Override
  public String toString() {
    return String.format(
        "%s, busy %d, interrupted %d, kicks %d, exclusions %d",
        snapshot(), busy(), interrupted(), kicks(), exclusions());
  }
}
