package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.EntryPlace;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.BiasedMmuLock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A table that a walker remembers dies, and is used again elsewhere: there is only one. */
final class RememberedTableTest {
  private static final Geometry GEOMETRY = new Geometry(2, 2);
  private static final GfnRange BLOCK = GfnRange.ofPages(0, 4);
  private static final GfnRange OTHER_BLOCK = GfnRange.ofPages(4, 4);
  private static final long PFN_OFFSET = 16;

  private final TdpMmu mmu =
      new TdpMmu(GEOMETRY, 2, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
  private final Walker host = mmu.newWalker();
  private final Walker vcpu = mmu.newWalker();

  @BeforeEach
  void mapOneBlockByATableAndOneByALeaf() {
    for (long gfn = 0; gfn < BLOCK.end(); gfn++) {
      fault(gfn, PageLevel.PG_4K);
    }
    fault(OTHER_BLOCK.start(), PageLevel.PG_2M);
  }

  @AfterEach
  void isSound() {
    assertEquals(List.of(), mmu.audit());
  }

  private void fault(long gfn, int largest) {
    PageFault fault = new PageFault();
    fault.begin(gfn, Access.READ.bit(), mmu.invalidationSequence());
    assertEquals(
        FaultResult.FIXED, mmu.fault(host, fault.backedBy(gfn + PFN_OFFSET, true, largest)));
  }

  private void mergeAndUseTheTableForTheOtherBlock() {
    assertEquals(1, mmu.merge(host, BLOCK, PageLevel.PG_2M, (gfn, cap) -> cap));
    assertEquals(1, mmu.split(host, OTHER_BLOCK, PageLevel.PG_4K, false));
  }

  private void assertFound(long gfn, int level) {
    long entry = mmu.walk(vcpu, gfn);
    assertTrue(Spte.isPresent(entry));
    assertEquals(level, vcpu.level());
    assertEquals(gfn + PFN_OFFSET, Spte.pfnOf(entry, level, gfn, GEOMETRY));
  }

  @Test
  void isForgottenBetweenSections() {
    vcpu.section().open();
    assertFound(1, PageLevel.PG_4K);
    vcpu.section().close();
    mergeAndUseTheTableForTheOtherBlock();
    vcpu.section().open();
    assertFound(1, PageLevel.PG_2M);
    assertFound(5, PageLevel.PG_4K);
    vcpu.section().close();
  }

  @Test
  void isForgottenAtAQuiescentPoint() {
    vcpu.section().open();
    assertFound(1, PageLevel.PG_4K);
    assertEquals(1, mmu.merge(host, BLOCK, PageLevel.PG_2M, (gfn, cap) -> cap));
    assertFound(1, PageLevel.PG_2M); // dead, and so full of FROZEN, but not used again
    vcpu.section().quiesce();
    assertEquals(1, mmu.split(host, OTHER_BLOCK, PageLevel.PG_4K, false));
    assertFound(1, PageLevel.PG_2M);
    assertFound(5, PageLevel.PG_4K);
    vcpu.section().close();
  }

  /** The broken variant: nobody says that the table may be another one by now. */
  @Test
  void wouldBeSomebodyElsesIfItWereNotForgotten() {
    EntryPlace place = new EntryPlace();
    place.begin(mmu.root().table(), GEOMETRY.levels(), 0);
    assertEquals(1 + PFN_OFFSET, Spte.pfn(mmu.arena().descendAcquire(1, place)));
    mergeAndUseTheTableForTheOtherBlock();
    assertNotEquals(1 + PFN_OFFSET, Spte.pfn(mmu.arena().descendAcquire(1, place)));
  }
}
