package dev.septum.vm;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import java.util.Arrays;

/**
 * A vCPU's TLB: set-associative, with entries of 4K and of 2M; a 1G leaf is held in 2M pieces. Used
 * by its vCPU alone; nothing is allocated after construction.
 *
 * <p>An entry allows a write only if D was set when it was filled, so the first write to a page
 * walks again, and D is exact.
 */
public final class SoftwareTlb {
  /** {@code Bank.find} is written out for four. */
  private static final int WAYS = 4;

  private static final int SMALL_SETS = 256;
  private static final int LARGE_SETS = 64;

  /** No page has this tag. */
  private static final long NO_TAG = -1;

  private static final int FRAME_SHIFT = 3;

  private final Bank small;
  private final Bank large;
  private final int largeShift;
  private final Geometry geometry;
  private final boolean isOn;

  /** Whether the last hit was of 2M: where the next one is looked for first. */
  private boolean wasLarge;

  private long hits;
  private long misses;
  private long flushes;

  /**
   * An empty TLB.
   *
   * @param isOn whether it keeps what it is given; else it stays empty
   */
  public SoftwareTlb(Geometry geometry, boolean isOn) {
    this.geometry = geometry;
    this.isOn = isOn;
    this.small = new Bank(SMALL_SETS);
    this.largeShift = geometry.bitsPerLevel();
    this.large = new Bank(LARGE_SETS);
  }

  /**
   * Looks a page up, and counts the hit or the miss.
   *
   * @return the entry's number, for {@link #frame} and {@link #filledAt}; negative for a miss
   */
  int find(long gfn, int accessBits) {
    boolean largeFirst = wasLarge;
    int at = findIn(largeFirst, gfn, accessBits);
    if (at < 0) {
      at = findIn(!largeFirst, gfn, accessBits);
      if (at < 0) {
        misses++;
        return -1;
      }
      wasLarge = !largeFirst;
    }
    hits++;
    return at;
  }

  private int findIn(boolean isLarge, long gfn, int accessBits) {
    if (!isLarge) {
      return small.find(gfn, accessBits);
    }
    int at = large.find(gfn >>> largeShift, accessBits);
    return at < 0 ? at : at + SMALL_SETS * WAYS;
  }

  /** The host frame that an entry gives to a gfn. */
  long frame(int entry, long gfn) {
    int at = entry - SMALL_SETS * WAYS;
    return at < 0
        ? small.values[entry] >>> FRAME_SHIFT
        : (large.values[at] >>> FRAME_SHIFT) + pieceOf(gfn);
  }

  /** What the clock was when an entry was filled. */
  long filledAt(int entry) {
    int at = entry - SMALL_SETS * WAYS;
    return at < 0 ? small.clocks[entry] : large.clocks[at];
  }

  /** Takes a translation in. */
  void fill(long gfn, int level, long leaf, long clock) {
    if (!isOn) {
      return;
    }
    int allowed = Spte.permissions(leaf);
    if (!Spte.isDirty(leaf)) {
      allowed &= ~Access.WRITE.bit();
    }
    long pfn = Spte.pfnOf(leaf, level, gfn, geometry);
    long value = pfn << FRAME_SHIFT | allowed;
    if (level == PageLevel.PG_4K) {
      small.fill(gfn, value, clock);
    } else {
      large.fill(gfn >>> largeShift, value - (pieceOf(gfn) << FRAME_SHIFT), clock);
    }
  }

  /** Where in its block of 2M a gfn lies. */
  private long pieceOf(long gfn) {
    return gfn & (1L << largeShift) - 1;
  }

  /** Drops every entry that overlaps the range, of whatever size. */
  void flush(long start, long pages) {
    flushes++;
    long last = start + pages - 1;
    small.flush(start, last);
    large.flush(start >>> largeShift, last >>> largeShift);
  }

  /** Drops every entry. */
  void flushAll() {
    flushes++;
    Arrays.fill(small.tags, NO_TAG);
    Arrays.fill(large.tags, NO_TAG);
  }

  /** Lookups that found their page; exact for the vCPU's own thread. */
  public long hits() {
    return hits;
  }

  /** Lookups that did not. */
  public long misses() {
    return misses;
  }

  /** Flush requests served. */
  public long flushes() {
    return flushes;
  }

  /** The entries of one page size. */
  private static final class Bank {
    final long[] tags;
    final long[] values;
    final long[] clocks;
    final int setMask;
    int victim;

    Bank(int sets) {
      this.tags = new long[sets * WAYS];
      this.values = new long[sets * WAYS];
      this.clocks = new long[sets * WAYS];
      this.setMask = sets - 1;
      Arrays.fill(tags, NO_TAG);
    }

    /**
     * The place of a tag that allows an access, or -1. The ways are compared without a branch,
     * because which of them it is no predictor knows.
     */
    int find(long tag, int accessBits) {
      int first = ((int) tag & setMask) * WAYS;
      long in0 = tags[first] ^ tag;
      long in1 = tags[first + 1] ^ tag;
      long in2 = tags[first + 2] ^ tag;
      long in3 = tags[first + 3] ^ tag;
      if (allDiffer(in0, in1, in2, in3)) {
        return -1;
      }
      // A tag stands in one way of its set at the most.
      int at = first + (int) (isZero(in1) + 2 * isZero(in2) + 3 * isZero(in3));
      return (values[at] & accessBits) == accessBits ? at : -1;
    }

    private static boolean allDiffer(long a, long b, long c, long d) {
      return (isZero(a) | isZero(b) | isZero(c) | isZero(d)) == 0;
    }

    /** 1 if it is, else 0. */
    private static long isZero(long number) {
      return ~(number | -number) >>> Long.SIZE - 1;
    }

    /** Puts an entry in the place of the same page's old one, or of any other in its set. */
    void fill(long tag, long value, long clock) {
      int first = ((int) tag & setMask) * WAYS;
      int place = first + (victim++ & WAYS - 1);
      for (int at = first; at < first + WAYS; at++) {
        if (tags[at] == tag) {
          place = at;
        }
      }
      tags[place] = tag;
      values[place] = value;
      clocks[place] = clock;
    }

    void flush(long firstTag, long lastTag) {
      if (lastTag - firstTag <= setMask) {
        for (long tag = firstTag; tag <= lastTag; tag++) {
          int first = ((int) tag & setMask) * WAYS;
          for (int at = first; at < first + WAYS; at++) {
            if (tags[at] == tag) {
              tags[at] = NO_TAG;
            }
          }
        }
      } else {
        for (int at = 0; at < tags.length; at++) {
          if (tags[at] >= firstTag && tags[at] <= lastTag) {
            tags[at] = NO_TAG;
          }
        }
      }
    }
  }
}
