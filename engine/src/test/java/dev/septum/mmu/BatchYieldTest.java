package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Batches of a mirror under a lock that somebody always waits for: none is given away before its
 * table is through. A tree of 3 levels of 2 bits, of which gfns 0 to 23 are mapped.
 */
final class BatchYieldTest {
  private static final int SHARED_BIT = Geometry.PAGE_SHIFT + 5;
  private static final GfnRange ALL = new GfnRange(0, 32);
  private static final long MAPPED = 24;

  private final List<String> events = new ArrayList<>();
  private final ExternalPageTable external =
      new ExternalPageTable() {
        @Override
        public Outcome set(long gfn, int level, long old, long now) {
          return Outcome.DONE;
        }

        @Override
        public Outcome setAll(ChangeBatch batch) {
          events.add("batch of " + batch.size());
          return ExternalPageTable.super.setAll(batch);
        }

        @Override
        public void freeTable(long gfn, int level, int table) {}

        @Override
        public void excludeVcpus() {}

        @Override
        public void admitVcpus() {}
      };
  private final MirrorMerges merges =
      new MirrorMerges() {
        @Override
        public boolean begin(long gfn, int level) {
          return true;
        }

        @Override
        public void end(long gfn, int level, boolean merged) {
          events.add((merged ? "merged " : "left ") + gfn);
        }
      };
  private final TdpMmu mmu =
      new TdpMmu(
          new Geometry(3, 2),
          100,
          MmuOptions.SEPTUM,
          new ContendedLock(events),
          TlbFlusher.NONE,
          new Mirroring(external, SHARED_BIT));
  private final Walker walker = mmu.newWalker();

  private void mapAll(int level) {
    for (long gfn = 0; gfn < MAPPED; gfn += mmu.geometry().pages(level)) {
      PageFault fault =
          new PageFault()
              .begin(gfn, Access.WRITE.bit(), mmu.invalidationSequence())
              .backedBy(64 + gfn, true, level)
              .asPrivate(false);
      assertEquals(FaultResult.FIXED, mmu.fault(walker, fault));
    }
    events.clear();
  }

  /** What was done between two times that others were let in. */
  private List<String> holds() {
    List<String> holds = new ArrayList<>();
    List<String> hold = new ArrayList<>();
    for (String event : events) {
      if (!event.equals("yield") && !event.equals("unlock")) {
        hold.add(event);
      } else if (!hold.isEmpty()) {
        holds.add(String.join(", ", hold));
        hold.clear();
      }
    }
    return holds;
  }

  @ParameterizedTest
  @CsvSource({"1, 4 4 4 4 4 4", "2, 4 2"})
  void aZapGivesWayBetweenTwoTables(int level, String batches) {
    mapAll(level);
    mmu.zap(walker, ALL, Roots.MIRROR);
    assertEquals("batch of " + batches.replace(" ", "; batch of "), String.join("; ", holds()));
    assertEquals(List.of(), mmu.audit());
  }

  @ParameterizedTest
  @CsvSource({"2, 6, ''", "3, 7, ', batch of 1, merged 0'"})
  void aMergeGivesWayBetweenTwoTablesAndEndsWhatItHasBegunBefore(
      int largest, long count, String inTheEnd) {
    mapAll(PageLevel.PG_4K);
    assertEquals(count, mmu.mergeMirror(walker, ALL, largest, (gfn, cap) -> cap, merges));
    assertEquals(
        List.of(
            "batch of 4, merged 0, merged 4, merged 8, merged 12",
            "batch of 2, merged 16, merged 20" + inTheEnd),
        holds());
    assertEquals(List.of(), mmu.audit());
  }
}
