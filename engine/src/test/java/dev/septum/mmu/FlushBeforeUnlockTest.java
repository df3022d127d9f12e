package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An operation does its last flush too before it leaves the lock and its read section. */
final class FlushBeforeUnlockTest {
  private static final Geometry GEOMETRY = new Geometry(3, 2);
  private static final GfnRange BLOCK = new GfnRange(0, 4);

  private final BiasedMmuLock lock = new BiasedMmuLock();
  private final List<String> flushes = new ArrayList<>();
  private final TlbFlusher flusher =
      new TlbFlusher() {
        @Override
        public void flush(long start, long pages) {
          flushes.add("flush, " + held());
        }

        @Override
        public void released(long start, long pages) {
          flushes.add("released, " + held());
        }
      };
  private final TdpMmu mmu = new TdpMmu(GEOMETRY, 100, MmuOptions.SEPTUM, lock, flusher);
  private final Walker walker = mmu.newWalker();

  private String held() {
    String section = walker.section().isOpen() ? "inside" : "outside";
    return lock.isHeldExclusive() ? section + ", alone" : section;
  }

  private void mapTheBlock() {
    for (long gfn = BLOCK.start(); gfn < BLOCK.end(); gfn++) {
      PageFault fault = new PageFault().begin(gfn, Access.WRITE.bit(), mmu.invalidationSequence());
      fault.backedBy(gfn + 64, true, PageLevel.PG_4K);
      assertEquals(FaultResult.FIXED, mmu.fault(walker, fault));
    }
    assertEquals(List.of(), flushes);
  }

  @Test
  void ofAZap() {
    mapTheBlock();
    assertEquals(4, mmu.zap(walker, BLOCK));
    assertEquals(List.of("flush, inside, alone", "released, inside, alone"), flushes);
  }

  @Test
  void ofATrim() {
    mapTheBlock();
    mmu.zap(walker, BLOCK);
    flushes.clear();
    assertEquals(1, mmu.trim(walker, BLOCK));
    assertEquals(List.of("flush, inside, alone"), flushes);
  }

  @Test
  void ofAMerge() {
    mapTheBlock();
    assertEquals(1, mmu.merge(walker, BLOCK, PageLevel.PG_2M, (gfn, cap) -> cap));
    assertEquals(List.of("flush, inside"), flushes);
  }
}
