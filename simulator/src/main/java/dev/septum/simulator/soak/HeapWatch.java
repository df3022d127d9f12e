package dev.septum.simulator.soak;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The heap after each audit: whether it stays as large as it was after the first. */
public final class HeapWatch {
  private static final double MIB = 1 << 20;

  private final long maxGrowth;
  private Sizes sizes = new Sizes(0, 0, 0);

  /**
   * Nothing was measured yet.
   *
   * @param maxGrowth bytes
   */
  HeapWatch(long maxGrowth) {
    this.maxGrowth = maxGrowth;
  }

  /**
   * Bytes that were used.
   *
   * @param first after the first audit; 0 if there was none
   * @param last after the last
   * @param peak the most after any
   */
  public record Sizes(long first, long last, long peak) {}

  /**
   * The heap after an audit.
   *
   * @param used bytes, garbage not counted
   * @param allowed bytes that the machine may have got since the first besides
   * @return what is wrong, in words; null if nothing is
   */
  @Nullable String note(long used, long allowed) {
    sizes =
        sizes.first() == 0
            ? new Sizes(used, used, used)
            : new Sizes(sizes.first(), used, Math.max(sizes.peak(), used));
    long growth = used - sizes.first();
    return growth <= maxGrowth + allowed
        ? null
        : String.format(
            Locale.ROOT,
            "the heap grew by %.1f MiB, from %.1f to %.1f; at most %.1f were expected",
            growth / MIB,
            sizes.first() / MIB,
            used / MIB,
            (maxGrowth + allowed) / MIB);
  }

  Sizes sizes() {
    return sizes;
  }
}
