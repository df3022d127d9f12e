package dev.septum.vm;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import java.util.Arrays;

/**
 * A vCPU's TLB: set-associative, with entries of 4K and of 2M; a 1G leaf is held in 2M pieces.
 * Before them stands a small one, direct-mapped, of what was found last, in pieces of 4K: there
 * most lookups end, with one compare. Used by its vCPU alone; nothing is allocated after
 * construction.
 *
 * <p>An entry allows a write only if D was set when it was filled, so the first write to a page
 * walks again, and D is exact.
 */
public final class SoftwareTlb {
  private static final int WAYS = 4;
  private static final int SMALL_SETS = 256;
  private static final int LARGE_SETS = 64;

  /** No page has this tag. */
  private static final long NO_TAG = -1;

  private static final int ALLOWED_MASK =
      Access.READ.bit() | Access.WRITE.bit() | Access.EXECUTE.bit();
  private static final int FRAME_SHIFT = 3;

  private static final int RECENT = 512;

  /** What was found last, at the gfn's low bits: the gfn, and what is denied, as a bit each. */
  private final long[] recentTags = new long[RECENT];

  private final long[] recentFrames = new long[RECENT];
  private final long[] recentClocks = new long[RECENT];
  private final Bank small;
  private final Bank large;
  private final int largeShift;
  private final Geometry geometry;

  private long hits;
  private long misses;
  private long flushes;

  /** An empty TLB. */
  public SoftwareTlb(Geometry geometry) {
    this.geometry = geometry;
    this.small = new Bank(SMALL_SETS, 0);
    this.largeShift = geometry.bitsPerLevel();
    this.large = new Bank(LARGE_SETS, largeShift);
    Arrays.fill(recentTags, NO_TAG);
  }

  /**
   * Looks a page up, and counts the hit or the miss.
   *
   * @return the entry's number, for {@link #frame} and {@link #filledAt}, until the next lookup,
   *     fill or flush; negative for a miss
   */
  int find(long gfn, int accessBits) {
    int at = (int) gfn & RECENT - 1;
    long tag = recentTags[at];
    if ((tag >>> FRAME_SHIFT ^ gfn | tag & accessBits) != 0 && !findAgain(gfn, accessBits)) {
      misses++;
      return -1;
    }
    hits++;
    return at;
  }

  /** Looks further, and makes what is found the most recent. */
  private boolean findAgain(long gfn, int accessBits) {
    int at = small.find(gfn, accessBits);
    if (at >= 0) {
      remember(gfn, small.values[at], small.clocks[at]);
      return true;
    }
    at = large.find(gfn, accessBits);
    if (at >= 0) {
      remember(gfn, large.values[at] + (pieceOf(gfn) << FRAME_SHIFT), large.clocks[at]);
      return true;
    }
    return false;
  }

  private void remember(long gfn, long value, long clock) {
    int at = (int) gfn & RECENT - 1;
    recentTags[at] = gfn << FRAME_SHIFT | ~value & ALLOWED_MASK;
    recentFrames[at] = value >>> FRAME_SHIFT;
    recentClocks[at] = clock;
  }

  /** The host frame that an entry gives to its gfn. */
  long frame(int entry) {
    return recentFrames[entry];
  }

  /** What the clock was when an entry was filled. */
  long filledAt(int entry) {
    return recentClocks[entry];
  }

  /** Takes a translation in. */
  void fill(long gfn, int level, long leaf, long clock) {
    int allowed = Spte.permissions(leaf);
    if (!Spte.isDirty(leaf)) {
      allowed &= ~Access.WRITE.bit();
    }
    long pfn = Spte.pfnOf(leaf, level, gfn, geometry);
    long value = pfn << FRAME_SHIFT | allowed;
    if (level == PageLevel.PG_4K) {
      small.fill(gfn, value, clock);
    } else {
      large.fill(gfn, value - (pieceOf(gfn) << FRAME_SHIFT), clock);
    }
    remember(gfn, value, clock);
  }

  /** Where in its block of 2M a gfn lies. */
  private long pieceOf(long gfn) {
    return gfn & (1L << largeShift) - 1;
  }

  /** Drops every entry that overlaps the range, of whatever size; of the recent ones, all. */
  void flush(long start, long pages) {
    flushes++;
    Arrays.fill(recentTags, NO_TAG);
    long last = start + pages - 1;
    small.flush(start, last);
    large.flush(start >>> largeShift, last >>> largeShift);
  }

  /** Drops every entry. */
  void flushAll() {
    flushes++;
    Arrays.fill(recentTags, NO_TAG);
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
    final int shift;
    int victim;

    Bank(int sets, int shift) {
      this.tags = new long[sets * WAYS];
      this.values = new long[sets * WAYS];
      this.clocks = new long[sets * WAYS];
      this.setMask = sets - 1;
      this.shift = shift;
      Arrays.fill(tags, NO_TAG);
    }

    int find(long gfn, int accessBits) {
      long tag = gfn >>> shift;
      int first = ((int) tag & setMask) * WAYS;
      for (int at = first; at < first + WAYS; at++) {
        if (tags[at] == tag && (values[at] & accessBits) == accessBits) {
          return at;
        }
      }
      return -1;
    }

    /** Puts an entry in the place of the same page's old one, or of any other in its set. */
    void fill(long gfn, long value, long clock) {
      long tag = gfn >>> shift;
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
