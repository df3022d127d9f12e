package dev.septum.jmh.peers;

import dev.septum.jmh.FreshPages;
import dev.septum.paging.Geometry;
import dev.septum.paging.Spte;

/**
 * What maps guest frames: to pages of 4K, 2M and 1G, by the entries that {@link Spte} describes.
 * Used by many threads.
 */
public interface PageMap {
  /** No entry: the page is not mapped. */
  long NOT_MAPPED = 0;

  /** One thread's access to it. */
  View newView();

  /** What one thread uses. */
  interface View extends AutoCloseable {
    /**
     * Maps a page, if nothing is mapped there.
     *
     * @param gfn any frame of it; no smaller page may be mapped in it
     * @param level 1 to 3
     * @return whether this call has mapped it
     */
    boolean fault(long gfn, int level);

    /**
     * The leaf that maps a frame, or {@link #NOT_MAPPED}.
     *
     * @param gfn a frame
     */
    long translate(long gfn);

    /** The sum of the leaves that map some frames: what a vCPU does in one stay in the guest. */
    default long translateAll(int[] gfns) {
      long sum = 0;
      for (int gfn : gfns) {
        sum += translate(gfn);
      }
      return sum;
    }

    /**
     * Removes every leaf that overlaps a range.
     *
     * @return how many there were
     */
    long zap(long start, long pages);

    /** Ends the thread's use. */
    @Override
    default void close() {}
  }

  /** The first frame of the page around a frame. */
  static long block(long gfn, int level) {
    return Geometry.FOUR_LEVEL.round(gfn, level);
  }

  /** The leaf of a page that a write has faulted in. */
  static long leaf(long gfn, int level) {
    long pfn = block(gfn, level) + FreshPages.PFN_OFFSET;
    return Spte.makeLeaf(pfn, level, true, Spte.ACCESSED | Spte.DIRTY);
  }
}
