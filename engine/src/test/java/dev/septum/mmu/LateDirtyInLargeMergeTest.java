package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.BiasedMmuLock;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A table of 2M leaves becomes a 1G leaf while a page under its last entry is written through the
 * dead table, and the new leaf is split to 4K before the table's entries have been exchanged. The D
 * is owed to each gfn of the entry, for the huge leaf is there no more.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LateDirtyInLargeMergeTest {
  private static final Geometry GEOMETRY = Geometry.FOUR_LEVEL;
  private static final long BLOCK = GEOMETRY.pages(PageLevel.PG_2M);
  private static final GfnRange ALL = GfnRange.ofPages(0, GEOMETRY.pages(PageLevel.PG_1G));
  private static final GfnRange LAST = GfnRange.ofPages(ALL.end() - BLOCK, BLOCK);
  private static final long WRITTEN = LAST.start() + 5;
  private static final int MOST_DELAY = 400;

  private final TdpMmu mmu =
      new TdpMmu(GEOMETRY, 4000, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
  private final Walker host = mmu.newWalker();
  private final Walker vcpu = mmu.newWalker();
  private final CyclicBarrier barrier = new CyclicBarrier(2);
  private final long seed = Long.getLong("septum.test.seed", System.nanoTime());
  private volatile int delay;
  private volatile boolean over;
  private volatile boolean written;

  @Test
  void aWriteIsNeverLost() throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    BooleanSupplier going = Crew.forMillis(Long.getLong("septum.soak.millis", 1500));
    Crew crew = new Crew();
    crew.start(this::writeAndSplit);
    while (going.getAsBoolean()) {
      mmu.zap(host, ALL);
      mmu.trim(host, ALL);
      mapBlocks();
      delay = random.nextInt(MOST_DELAY);
      barrier.await(); // the vCPU walks, and so remembers the table
      barrier.await();
      long unused = mmu.merge(host, ALL, PageLevel.PG_1G, (gfn, cap) -> cap);
      barrier.await(); // it has written and split
      assertTrue(written && isDirty(), "seed " + seed);
    }
    over = true;
    barrier.await();
    crew.join();
    assertEquals(List.of(), mmu.audit());
  }

  private void mapBlocks() {
    PageFault fault = new PageFault();
    for (long gfn = 0; gfn < ALL.end(); gfn += BLOCK) {
      fault.begin(gfn, Access.READ.bit(), mmu.invalidationSequence());
      fault.backedBy(gfn + ALL.end(), true, PageLevel.PG_2M);
      assertEquals(FaultResult.FIXED, mmu.fault(host, fault));
    }
  }

  private void writeAndSplit() throws Exception {
    for (; ; ) {
      barrier.await();
      if (over) {
        return;
      }
      vcpu.section().open();
      mmu.walk(vcpu, WRITTEN);
      barrier.await();
      for (int left = delay; left > 0; left--) {
        Thread.onSpinWait();
      }
      written = mmu.access(vcpu, WRITTEN, Access.WRITE.bit()) != Spte.EMPTY;
      vcpu.section().close();
      mmu.split(vcpu, LAST, PageLevel.PG_4K, false);
      barrier.await();
    }
  }

  private boolean isDirty() {
    host.section().open();
    boolean dirty = Spte.isDirty(mmu.walk(host, WRITTEN));
    host.section().close();
    return dirty;
  }
}
