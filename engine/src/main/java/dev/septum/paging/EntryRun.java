package dev.septum.paging;

import java.util.stream.LongStream;

/**
 * The entries of a table that maps a contiguous range: {@code first}, {@code first + step}, and so
 * on. All at once, by plain accesses in no order; a 64-bit HotSpot does not tear a long.
 *
 * <p>For tables that nobody else can reach or change, or of whom the caller needs to see only what
 * was written before a fence of its own, or before it had its lock. Wait-free; nothing is
 * allocated.
 */
public final class EntryRun {
  private static final int STRIDE = 64;

  private final int entries;
  private final long[] ramp;

  /** For tables of that many entries. */
  public EntryRun(int entries) {
    this.entries = entries;
    this.ramp = LongStream.range(0, entries / 4).toArray();
  }

  /**
   * Writes a table.
   *
   * <p>Each entry but the first few is made from the one {@value #STRIDE} before it: HotSpot makes
   * wide accesses of that, if the distance is a constant.
   *
   * @param from where it begins in the array
   */
  public void fillPlain(long[] array, int from, long first, long step) {
    int end = from + entries;
    int head = Math.min(from + STRIDE, end);
    long entry = first;
    for (int at = from; at < head; at++) {
      array[at] = entry;
      entry += step;
    }
    long more = STRIDE * step;
    for (int at = head; at < end; at++) {
      array[at] = array[at - STRIDE] + more;
    }
  }

  /**
   * In which bits any entry of a table differs from what {@link #fillPlain} would write.
   *
   * <p>The reads become wide ones: HotSpot 17 does that for steps that are read from an array, and
   * for several terms in one turn, not for one.
   *
   * @param step a power of two
   * @return 0 if they are just these
   */
  public long differencesPlain(long[] array, int from, long first, long step) {
    long[] indices = ramp;
    int quarter = indices.length;
    int shift = Long.numberOfTrailingZeros(step);
    int from1 = from + quarter;
    int from2 = from1 + quarter;
    int from3 = from2 + quarter;
    long first1 = first + quarter * step;
    long first2 = first1 + quarter * step;
    long first3 = first2 + quarter * step;
    long differences = 0;
    for (int i = 0; i < quarter; i++) {
      long more = indices[i] << shift;
      differences |=
          (array[from + i] ^ (first + more))
              | (array[from1 + i] ^ (first1 + more))
              | (array[from2 + i] ^ (first2 + more))
              | (array[from3 + i] ^ (first3 + more));
    }
    for (int index = 4 * quarter; index < entries; index++) {
      differences |= array[from + index] ^ (first + index * step);
    }
    return differences;
  }
}
