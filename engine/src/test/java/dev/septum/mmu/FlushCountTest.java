package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.TablePool;
import dev.septum.sync.BiasedMmuLock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * A merge of a range flushes once for each batch of tables that it has unlinked, as many as may
 * wait for a grace period. Trees of 5 levels of 4 bits, so that many tables are little memory.
 */
final class FlushCountTest {
  private static final Geometry GEOMETRY = new Geometry(5, 4);
  private static final int BATCHES = 3;
  private static final int BLOCKS = BATCHES * TablePool.BACKLOG_BOUND;
  private static final int MAX_TABLES = 2 * BLOCKS;
  private static final MappingLimits UNLIMITED = (gfn, cap) -> cap;

  private final long blockPages = GEOMETRY.pages(PageLevel.PG_2M);
  private final GfnRange all = GfnRange.ofPages(0, BLOCKS * blockPages);
  private long flushes;
  private final TlbFlusher counter =
      new TlbFlusher() {
        @Override
        public void flush(long start, long pages) {
          flushes++;
        }
      };
  private final TdpMmu mmu =
      new TdpMmu(GEOMETRY, MAX_TABLES, MmuOptions.SEPTUM, new BiasedMmuLock(), counter);
  private final Walker walker = mmu.newWalker();

  @BeforeEach
  void mapLargePages() {
    PageFault fault = new PageFault();
    for (int block = 0; block < BLOCKS; block++) {
      fault
          .begin(block * blockPages, Access.WRITE.bit(), mmu.invalidationSequence())
          .backedBy(block * blockPages, true, PageLevel.PG_2M);
      assertEquals(FaultResult.FIXED, mmu.fault(walker, fault));
    }
  }

  @Test
  @DisplayName("a split of a range owes no flush; a merge of it one for each batch of tables")
  void oneFlushForEachBatch() {
    assertEquals(BLOCKS, mmu.split(walker, all, PageLevel.PG_4K, false));
    assertEquals(0, flushes);
    assertEquals(BLOCKS, mmu.merge(walker, all, PageLevel.PG_2M, UNLIMITED));
    assertEquals(BATCHES, flushes);
  }

  @Test
  @DisplayName("a merge that goes page by page is seen to flush for each page")
  void oneFlushForEachPage() {
    mmu.split(walker, all, PageLevel.PG_4K, false);
    for (int block = 0; block < BLOCKS; block++) {
      mmu.merge(
          walker, GfnRange.ofPages(block * blockPages, blockPages), PageLevel.PG_2M, UNLIMITED);
    }
    assertEquals(BLOCKS, flushes);
  }
}
