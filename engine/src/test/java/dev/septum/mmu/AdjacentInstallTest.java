package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.EntryPlace;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.trace.MmuCounter;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The short way of a fault beside the last one: when it is taken, and what it leaves. */
final class AdjacentInstallTest {
  private static final Geometry GEOMETRY = new Geometry(3, 2);
  private static final GfnRange BLOCK = GfnRange.ofPages(0, 4);
  private static final GfnRange ALL = new GfnRange(0, 64);

  private final TdpMmu mmu =
      new TdpMmu(GEOMETRY, 6, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
  private final Walker vcpu = mmu.newWalker();
  private final Walker host = mmu.newWalker();
  private final AdjacentInstall adjacent = mmu.adjacent();

  @BeforeEach
  void faultTheFirstPageOfABlock() {
    assertEquals(FaultResult.FIXED, mmu.fault(vcpu, read(0)));
  }

  @AfterEach
  void isSoundAndHoldsNothing() {
    assertFalse(vcpu.section().isOpen());
    assertEquals(List.of(), mmu.audit());
  }

  private PageFault at(long gfn, Access access, int largest) {
    return new PageFault()
        .begin(gfn, access.bit(), mmu.invalidationSequence())
        .backedBy(gfn + 64, true, largest);
  }

  private PageFault read(long gfn) {
    return at(gfn, Access.READ, PageLevel.PG_4K);
  }

  private boolean tries(PageFault fault) {
    return adjacent.tryMap(vcpu, mmu.root(), fault);
  }

  private long entry(long gfn) {
    host.section().open();
    long entry = mmu.walk(host, gfn);
    host.section().close();
    return entry;
  }

  @Test
  void leavesWhatTheLongWayLeaves() {
    for (Access access : List.of(Access.READ, Access.WRITE)) {
      PageFault fault = at(access == Access.READ ? 1 : 2, access, PageLevel.PG_4K);
      assertTrue(tries(fault));
      assertEquals(PageLevel.PG_4K, fault.mappedLevel());
      assertEquals(PageLevel.PG_4K, fault.goalLevel());
      assertFalse(fault.wasFast());
    }
    assertEquals(FaultResult.FIXED, mmu.fault(host, at(9, Access.READ, PageLevel.PG_4K)));
    assertEquals(FaultResult.FIXED, mmu.fault(host, at(14, Access.WRITE, PageLevel.PG_4K)));
    assertEquals(Spte.pfn(entry(9)) - 8, Spte.pfn(entry(1)));
    assertEquals(Spte.permissions(entry(9)), Spte.permissions(entry(1)));
    assertEquals(Spte.accessedDirty(entry(9)), Spte.accessedDirty(entry(1)));
    assertEquals(Spte.accessedDirty(entry(14)), Spte.accessedDirty(entry(2)));
    assertEquals(5, mmu.counters().sum(MmuCounter.MAPPED_4K));
    assertEquals(5, mmu.counters().sum(MmuCounter.FAULTS_FIXED));
  }

  @Test
  void isOnlyForTheTableOfTheLastNewLeaf() {
    assertFalse(tries(read(4)));
    assertEquals(FaultResult.FIXED, mmu.fault(vcpu, read(4)));
    assertTrue(tries(read(5)));
  }

  @Test
  void isNotForAnEntryThatIsNotEmpty() {
    assertTrue(tries(read(1)));
    assertFalse(tries(read(1)));
    assertEquals(FaultResult.SPURIOUS, mmu.fault(vcpu, read(1)));
  }

  @Test
  void isOnlyFor4K() {
    assertFalse(tries(at(1, Access.READ, PageLevel.PG_2M)));
    assertTrue(tries(at(1, Access.READ, PageLevel.PG_2M).wanting(PageLevel.PG_4K)));
    assertTrue(tries(at(2, Access.READ, PageLevel.PG_2M).limitedBy((gfn, cap) -> 1)));
  }

  @Test
  void looksUpAgainAfterAnInvalidation() {
    PageFault early = read(1);
    mmu.zap(host, BLOCK);
    assertFalse(tries(early));
    assertEquals(FaultResult.RETRY, mmu.fault(vcpu, early));
    assertTrue(tries(read(1)), "the zap has kept the table");
  }

  @Test
  void retriesWhileAnInvalidationIsInProgress() {
    mmu.beginInvalidation(GfnRange.ofPages(1, 1));
    assertFalse(tries(read(1)));
    assertTrue(tries(read(2)), "beside the range");
    mmu.endInvalidation();
    assertTrue(tries(read(1)));
  }

  @Test
  void forgetsATableThatWasRetired() {
    mmu.zap(host, ALL);
    assertNotEquals(0, mmu.trim(host, ALL));
    assertFalse(tries(read(1)));
    assertEquals(FaultResult.FIXED, mmu.fault(vcpu, read(1)));
  }

  /** The broken variant: without the check, a leaf lands in a table that is another one by now. */
  @Test
  void wouldInstallInSomebodyElsesTable() {
    TdpMmu tight = new TdpMmu(GEOMETRY, 3, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
    Walker guest = tight.newWalker();
    Walker other = tight.newWalker();
    assertEquals(FaultResult.FIXED, tight.fault(guest, read(0)));
    assertTrue(tight.adjacent().tryMap(guest, tight.root(), read(1)));
    EntryPlace careless = tight.arena().newPlace();
    guest.section().open();
    assertTrue(Spte.isPresent(tight.walk(guest, 0)));
    careless.keepAdjacent(guest.place.table(), 0);
    guest.section().close();
    assertEquals(2, tight.zap(other, ALL));
    assertEquals(2, tight.trim(other, ALL));
    long now = tight.invalidationSequence();
    PageFault elsewhere = new PageFault().begin(32, Access.READ.bit(), now);
    assertEquals(FaultResult.FIXED, tight.fault(other, elsewhere.backedBy(96, true, 1)));

    PageFault late = new PageFault().begin(2, Access.READ.bit(), now).backedBy(66, true, 1);
    assertFalse(tight.adjacent().tryMap(guest, tight.root(), late));
    assertEquals(List.of(), tight.audit());

    // The broken variant: nobody says that the table may be another one by now.
    int slot = careless.adjacentSlot(2);
    assertTrue(careless.tryInstall(slot, Spte.makeLeaf(66, 1, true, 0)));
    assertNotEquals(List.of(), tight.audit());
  }

  @Test
  void refusesAMachineThatIsBuggedOrClosed() {
    TdpMmu other = new TdpMmu(GEOMETRY, 6, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
    Walker walker = other.newWalker();
    other.fault(walker, read(0));
    other.health().bug("for the test");
    PageFault fault = read(1);
    assertFalse(other.adjacent().tryMap(walker, other.root(), fault));
    assertThrows(MachineBuggedException.class, () -> other.fault(walker, fault));
  }

  @Test
  void aFaultThatIsUsedAgainSaysWhatItFoundLast() {
    PageFault fault = at(16, Access.READ, PageLevel.PG_2M);
    assertEquals(FaultResult.FIXED, mmu.fault(vcpu, fault));
    assertEquals(PageLevel.PG_2M, fault.mappedLevel());
    assertEquals(1, mmu.split(host, GfnRange.ofPages(16, 4), PageLevel.PG_4K, false));
    assertEquals(FaultResult.SPURIOUS, mmu.fault(vcpu, fault.wanting(PageLevel.PG_4K)));
    assertEquals(PageLevel.PG_4K, fault.mappedLevel());
    assertEquals(PageLevel.PG_4K, fault.goalLevel());
  }

  @Test
  void refusesAFrameThatIsNone() {
    PageFault fault = new PageFault().begin(1, Access.READ.bit(), mmu.invalidationSequence());
    assertFalse(tries(fault));
    assertThrows(IllegalArgumentException.class, () -> mmu.fault(vcpu, fault));
  }
}
