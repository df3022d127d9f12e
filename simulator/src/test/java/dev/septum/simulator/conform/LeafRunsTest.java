package dev.septum.simulator.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import org.junit.jupiter.api.Test;

/** Leaves in the records' terms. */
class LeafRunsTest {
  private static final long USER_EXECUTE = 1L << 10;
  private static final long PAGE_SIZE = 1L << 7;
  private static final long LARGEST_PFN = (1L << 40) - 1;

  private static long leaf(long pfn, int level, boolean writable) {
    return Spte.makeLeaf(pfn, level, writable, Spte.ACCESSED);
  }

  @Test
  void lettersAreInTheRecordsOrder() {
    long leaf = Spte.makeLeaf(512, PageLevel.PG_2M, true, Spte.ACCESSED | Spte.DIRTY);
    assertEquals("RWXUADSHM", LeafRuns.letters(leaf, PageLevel.PG_2M));
    assertEquals("RXU", LeafRuns.letters(Spte.makeLeaf(5, PageLevel.PG_4K, false, 0), 1));
  }

  @Test
  void aBitWithoutALetterIsShown() {
    long leaf = leaf(LARGEST_PFN, PageLevel.PG_4K, false);
    assertEquals("RXUA", LeafRuns.letters(leaf, PageLevel.PG_4K));
    assertEquals("RXUA?400", LeafRuns.letters(leaf | USER_EXECUTE, PageLevel.PG_4K));
    assertEquals("RXUA?80", LeafRuns.letters(leaf | PAGE_SIZE, PageLevel.PG_4K));
    assertEquals("RXUA?8000000000000000", LeafRuns.letters(leaf ^ Spte.EMPTY, PageLevel.PG_4K));
  }

  @Test
  void aRunEndsWhereLevelBitsGfnOrFrameDo() {
    LeafRuns runs = new LeafRuns(Geometry.FOUR_LEVEL);
    runs.leaf(0, 2, leaf(1024, 2, true));
    runs.leaf(512, 2, leaf(1536, 2, true));
    runs.leaf(1024, 1, leaf(2048, 1, true)); // the level
    runs.leaf(1025, 1, leaf(2049, 1, false)); // the bits
    runs.leaf(1027, 1, leaf(2051, 1, false)); // the gfn
    runs.leaf(1028, 1, leaf(2053, 1, false)); // the frame
    runs.leaf(1029, 1, leaf(2054, 1, false));
    assertEquals(5, runs.size());
    assertEquals(
        "[[0,2,2,1024,\"RWXUASHM\"],[1024,1,1,2048,\"RWXUAHM\"],[1025,1,1,2049,\"RXUA\"],"
            + "[1027,1,1,2051,\"RXUA\"],[1028,2,1,2053,\"RXUA\"]]",
        runs.toJson().toString());
  }

  @Test
  void noRunsHaveADigestToo() {
    assertEquals("00000000", new LeafRuns(Geometry.FOUR_LEVEL).digest());
  }
}
