package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.EntryPlace;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.Spte;
import dev.septum.sync.BiasedMmuLock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A table that a walker remembers dies, and is used again elsewhere: there is only one. With two
 * levels it is a table of 4K entries, with three a table of 2M entries.
 */
@ParameterizedClass
@ValueSource(ints = {2, 3})
final class RememberedTableTest {
  private static final long PFN_OFFSET = 64;

  private final Geometry geometry;
  private final int small;
  private final int large;
  private final GfnRange block;
  private final GfnRange otherBlock;
  private final TdpMmu mmu;
  private final Walker host;
  private final Walker vcpu;

  RememberedTableTest(int levels) {
    geometry = new Geometry(levels, 2);
    small = levels - 1;
    large = levels;
    block = GfnRange.ofPages(0, geometry.pages(large));
    otherBlock = GfnRange.ofPages(block.end(), block.pages());
    mmu = new TdpMmu(geometry, 2, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
    host = mmu.newWalker();
    vcpu = mmu.newWalker();
  }

  @BeforeEach
  void mapOneBlockByATableAndOneByALeaf() {
    for (long gfn = 0; gfn < block.end(); gfn += geometry.pages(small)) {
      fault(gfn, small);
    }
    fault(otherBlock.start(), large);
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
    assertEquals(1, mmu.merge(host, block, large, (gfn, cap) -> cap));
    assertEquals(1, mmu.split(host, otherBlock, small, false));
  }

  private void assertFound(long gfn, int level) {
    long entry = mmu.walk(vcpu, gfn);
    assertTrue(Spte.isPresent(entry));
    assertEquals(level, vcpu.level());
    assertEquals(gfn + PFN_OFFSET, Spte.pfnOf(entry, level, gfn, geometry));
  }

  @Test
  void isForgottenBetweenSections() {
    vcpu.section().open();
    assertFound(1, small);
    vcpu.section().close();
    mergeAndUseTheTableForTheOtherBlock();
    vcpu.section().open();
    assertFound(1, large);
    assertFound(otherBlock.start() + 1, small);
    vcpu.section().close();
  }

  @Test
  void isForgottenAtAQuiescentPoint() {
    vcpu.section().open();
    assertFound(1, small);
    assertEquals(1, mmu.merge(host, block, large, (gfn, cap) -> cap));
    assertFound(1, large); // dead, and so full of FROZEN, but not used again
    vcpu.section().quiesce();
    assertEquals(1, mmu.split(host, otherBlock, small, false));
    assertFound(1, large);
    assertFound(otherBlock.start() + 1, small);
    vcpu.section().close();
  }

  /**
   * Nothing is walked between its death and the quiescent point: no FROZEN says that it is gone.
   */
  @Test
  void isForgottenAtAQuiescentPointWithoutAWalkBefore() {
    vcpu.section().open();
    assertFound(1, small);
    assertEquals(1, mmu.merge(host, block, large, (gfn, cap) -> cap));
    vcpu.section().quiesce();
    assertEquals(1, mmu.split(host, otherBlock, small, false));
    assertFound(1, large);
    vcpu.section().close();
  }

  /** The broken variant: nobody says that the table may be another one by now. */
  @Test
  void wouldBeSomebodyElsesIfItWereNotForgotten() {
    EntryPlace place = mmu.arena().newPlace();
    int root = mmu.root().table();
    long before = place.descendAcquire(root, 1);
    assertEquals(1 + PFN_OFFSET, Spte.pfnOf(before, small, 1, geometry));
    mergeAndUseTheTableForTheOtherBlock();
    assertNotEquals(before, place.descendAcquire(root, 1));
  }
}
