package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Range operations under a lock that somebody always waits for. Trees of 3 levels of 2 bits. */
final class YieldTest {
  private static final Geometry GEOMETRY = new Geometry(3, 2);
  private static final GfnRange ALL = new GfnRange(0, 64);

  private final List<String> events = new ArrayList<>();
  private final TlbFlusher flusher =
      new TlbFlusher() {
        @Override
        public void flush(long start, long pages) {
          events.add("flush " + start + "+" + pages);
        }

        @Override
        public void released(long start, long pages) {
          events.add("released " + start + "+" + pages);
        }
      };
  private final TdpMmu mmu =
      new TdpMmu(GEOMETRY, 100, MmuOptions.SEPTUM, new ContendedLock(events), flusher);
  private final Walker walker = mmu.newWalker();

  @BeforeEach
  void mapFourGfnsOfEachOfTwoTablesAndALargeLeaf() {
    for (long gfn = 0; gfn < 8; gfn++) {
      map(gfn, PageLevel.PG_4K);
    }
    map(16, PageLevel.PG_2M);
    events.clear();
  }

  private void map(long gfn, int level) {
    PageFault fault = new PageFault().begin(gfn, Access.WRITE.bit(), mmu.invalidationSequence());
    assertEquals(FaultResult.FIXED, mmu.fault(walker, fault.backedBy(gfn + 64, true, level)));
  }

  @Test
  void aZapYieldsAfterEachStepForwardAndFlushesFirst() {
    assertEquals(9, mmu.zap(walker, ALL));
    List<String> working = new ArrayList<>(events);
    working.removeIf("yield"::equals);
    assertEquals(
        List.of(
            "flush 0+4",
            "released 0+4",
            "flush 4+4",
            "released 4+4",
            "flush 16+4",
            "released 16+4",
            "unlock"),
        working,
        "every flush before the lock is left for the first time after the change");
    assertEquals("flush 0+4", events.get(0), "no yield before the first step");
    assertEquals("released 0+4", events.get(1));
    assertEquals("yield", events.get(2));
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aSplitYieldsAndStillSeesTheChildrenItMade() {
    for (long gfn = 32; gfn < 64; gfn += 16) {
      map(gfn, PageLevel.PG_1G);
    }
    events.clear();
    assertEquals(1 + 2 + 8, mmu.split(walker, ALL, PageLevel.PG_4K, true));
    assertEquals(Set.of("yield", "unlock"), Set.copyOf(events), "a split flushes nothing");
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aMergeFlushesWhatItReplacedBeforeItYields() {
    assertEquals(2, mmu.merge(walker, ALL, PageLevel.PG_2M, (gfn, cap) -> cap));
    List<String> working = new ArrayList<>(events);
    working.removeIf("yield"::equals);
    assertEquals(List.of("flush 0+4", "flush 4+4", "unlock"), working);
    assertEquals("flush 0+4", events.get(0));
    assertEquals("yield", events.get(1));
    assertEquals(List.of(), mmu.audit());
  }
}
