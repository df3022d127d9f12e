package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Seeds;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A TLB gives what was filled, for what was allowed, and nothing that was flushed. */
class SoftwareTlbTest {
  private static final Geometry GEOMETRY = Geometry.FOUR_LEVEL;
  private static final int BLOCK = 512;
  private static final int GFNS = 8 * BLOCK;
  private static final long DIRTY = Spte.ACCESSED | Spte.DIRTY;

  private final SoftwareTlb tlb = new SoftwareTlb(GEOMETRY, true);

  private void fill(long gfn, int level, long pfn, long flags, long clock) {
    tlb.fill(gfn, level, Spte.makeLeaf(pfn, level, true, flags), clock);
  }

  private long frame(long gfn, Access access) {
    int entry = tlb.find(gfn, access.bit());
    return entry < 0 ? -1 : tlb.frame(entry, gfn);
  }

  @Test
  @DisplayName(
      "a page of 4K, and each page of a block of 2M, is found with its frame and its clock")
  void findsWhatWasFilled() {
    fill(5, PageLevel.PG_4K, 77, DIRTY, 3);
    fill(2 * BLOCK + 9, PageLevel.PG_2M, 10 * BLOCK, DIRTY, 4);
    assertEquals(77, frame(5, Access.READ));
    for (int page = 0; page < BLOCK; page++) {
      int entry = tlb.find(2 * BLOCK + page, Access.WRITE.bit());
      assertEquals(10 * BLOCK + page, tlb.frame(entry, 2 * BLOCK + page));
      assertEquals(4, tlb.filledAt(entry));
    }
    assertEquals(-1, frame(6, Access.READ));
    assertEquals(-1, frame(3 * BLOCK, Access.READ));
    assertEquals(1 + BLOCK, tlb.hits());
    assertEquals(2, tlb.misses());
  }

  @Test
  @DisplayName("a write is not allowed by what was filled without D; a fill with D allows it")
  void writesWantD() {
    fill(5, PageLevel.PG_4K, 77, Spte.ACCESSED, 0);
    assertEquals(77, frame(5, Access.READ));
    assertEquals(-1, frame(5, Access.WRITE));
    fill(5, PageLevel.PG_4K, 77, DIRTY, 0);
    assertEquals(77, frame(5, Access.WRITE));
  }

  @Test
  @DisplayName("pages of one set do not take each other's frames")
  void pagesShareASet() {
    fill(5, PageLevel.PG_4K, 77, DIRTY, 0);
    fill(5 + BLOCK, PageLevel.PG_4K, 78, DIRTY, 0);
    for (int i = 0; i < 3; i++) {
      assertEquals(77, frame(5, Access.READ));
      assertEquals(78, frame(5 + BLOCK, Access.READ));
    }
    assertEquals(0, tlb.misses());
  }

  @Test
  @DisplayName("one that keeps nothing misses always")
  void keepsNothing() {
    SoftwareTlb none = new SoftwareTlb(GEOMETRY, false);
    none.fill(5, PageLevel.PG_4K, Spte.makeLeaf(77, PageLevel.PG_4K, true, DIRTY), 0);
    assertEquals(-1, none.find(5, Access.READ.bit()));
    assertEquals(1, none.misses());
  }

  /** What a TLB is told to drop. */
  private interface Flush {
    void flush(long start, long pages);
  }

  /** How many of many random lookups find what was not filled, or was flushed since. */
  private int wrongHits(Flush flush) {
    Random random = Seeds.random("SoftwareTlbTest");
    Map<Long, Long> filled = new HashMap<>(); // by gfn, what a hit may give; a TLB may forget
    int wrong = 0;
    for (int step = 0; step < 200_000; step++) {
      long gfn = random.nextInt(GFNS);
      switch (random.nextInt(8)) {
        case 0 -> {
          long pfn = (1L + random.nextInt(1000)) * BLOCK + gfn % BLOCK;
          dropFrom(filled, gfn, 1);
          tlb.flush(gfn, 1); // a leaf never changes its frame without
          fill(gfn, PageLevel.PG_4K, pfn, DIRTY, step);
          filled.put(gfn, pfn);
        }
        case 1 -> {
          long first = gfn & -BLOCK;
          long pfn = (1L + random.nextInt(1000)) * BLOCK;
          dropFrom(filled, first, BLOCK);
          tlb.flush(first, BLOCK);
          fill(gfn, PageLevel.PG_2M, pfn, DIRTY, step);
          for (int page = 0; page < BLOCK; page++) {
            filled.put(first + page, pfn + page);
          }
        }
        case 2 -> {
          if (step % 16 == 0) {
            long pages = 1L + random.nextInt(3 * BLOCK);
            dropFrom(filled, gfn, pages);
            flush.flush(gfn, pages);
          }
        }
        default -> {
          long found = frame(gfn, Access.WRITE);
          if (found >= 0 && found != filled.getOrDefault(gfn, -1L)) {
            wrong++;
          }
        }
      }
    }
    assertTrue(tlb.hits() > 1000, "hits: " + tlb.hits());
    return wrong;
  }

  private static void dropFrom(Map<Long, Long> filled, long start, long pages) {
    for (long gfn = start; gfn < start + pages; gfn++) {
      filled.remove(gfn);
    }
  }

  @Test
  @DisplayName("no lookup finds what was flushed, whatever size it was filled in")
  void nothingFlushedIsFound() {
    assertEquals(0, wrongHits(tlb::flush));
  }

  @Test
  @DisplayName("the random lookups notice a flush that forgets its second half")
  void forgottenHalfIsNoticed() {
    assertTrue(wrongHits((start, pages) -> tlb.flush(start, (pages + 1) / 2)) > 0);
  }

  @Test
  @DisplayName("the random lookups notice a flush that drops nothing")
  void lostFlushIsNoticed() {
    assertTrue(wrongHits((start, pages) -> {}) > 0);
  }
}
