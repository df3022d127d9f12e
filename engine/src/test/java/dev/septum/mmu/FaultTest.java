package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.BiasedMmuLock;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One fault after another. Trees of 3 levels of 2 bits: leaves of 1, 4 and 16 gfns. */
final class FaultTest {
  private static final Geometry GEOMETRY = new Geometry(3, 2);
  private static final GfnRange ALL = new GfnRange(0, 64);
  private static final long PFN_OFFSET = 64;

  private TdpMmu mmu = newMmu(MmuOptions.SEPTUM);
  private Walker walker = mmu.newWalker();
  private final PageFault fault = new PageFault();

  private static TdpMmu newMmu(MmuOptions options) {
    return new TdpMmu(GEOMETRY, 100, options, new BiasedMmuLock(), TlbFlusher.NONE);
  }

  private void useKvmsWays() {
    mmu = newMmu(MmuOptions.KVM);
    walker = mmu.newWalker();
  }

  @AfterEach
  void isSound() {
    assertEquals(List.of(), mmu.audit());
  }

  private FaultResult fault(long gfn, Access access, int largest) {
    return fault(gfn, access, largest, true);
  }

  private FaultResult fault(long gfn, Access access, int largest, boolean writable) {
    fault.begin(gfn, access.bit(), mmu.invalidationSequence());
    return mmu.fault(walker, fault.backedBy(gfn + PFN_OFFSET, writable, largest));
  }

  /** The leaf of a gfn: its level, and which of W, A, D it has. */
  private String leaf(long gfn) {
    walker.section().open();
    long entry = mmu.walk(walker, gfn);
    walker.section().close();
    if (!Spte.isPresent(entry)) {
      return "-";
    }
    assertEquals(GEOMETRY.round(gfn, walker.level()) + PFN_OFFSET, Spte.pfn(entry));
    return PageLevel.of(walker.level())
        + " "
        + (Spte.isWritable(entry) ? "W" : "")
        + (Spte.isAccessed(entry) ? "A" : "")
        + (Spte.isDirty(entry) ? "D" : "");
  }

  @ParameterizedTest
  @CsvSource({
    "READ, true, WA",
    "WRITE, true, WAD",
    "EXECUTE, true, WA",
    "READ, false, A",
  })
  void installsALeafThatIsWritableWhereMemoryIsAndDirtyWhenWritten(
      Access access, boolean writable, String flags) {
    assertEquals(FaultResult.FIXED, fault(5, access, 1, writable));
    assertEquals("4K " + flags, leaf(5));
    assertEquals(1, fault.goalLevel());
  }

  @Test
  void byKvmsWaysALeafIsDirtyFromTheStart() {
    useKvmsWays();
    assertEquals(FaultResult.FIXED, fault(5, Access.READ, 2));
    assertEquals("2M WAD", leaf(5));
  }

  @Test
  void isSpuriousWhereTheAccessIsAllowed() {
    fault(5, Access.READ, 1);
    assertEquals(FaultResult.SPURIOUS, fault(5, Access.READ, 1));
    assertFalse(fault.wasFast());
    assertEquals(FaultResult.SPURIOUS, fault(5, Access.WRITE, 1));
    assertTrue(fault.wasFast());
  }

  @Test
  void makesAReadOnlyLeafWritableAndKeepsItsFlags() {
    fault(5, Access.READ, 1, false);
    assertEquals(FaultResult.FIXED, fault(5, Access.WRITE, 1, true));
    assertEquals("4K WAD", leaf(5));
  }

  @Test
  void splitsALargerLeafAndFindsTheSmallOneAllowed() {
    fault(5, Access.WRITE, 2);
    assertEquals(FaultResult.SPURIOUS, fault(6, Access.READ, 1));
    assertEquals("4K WAD", leaf(4));
    assertEquals("4K WAD", leaf(7));
  }

  @Test
  void splitsOnWantOfASmallerLevelToo() {
    fault(5, Access.READ, 3);
    fault.begin(6, Access.READ.bit(), mmu.invalidationSequence());
    fault.backedBy(6 + PFN_OFFSET, true, 3).wanting(1);
    assertEquals(FaultResult.SPURIOUS, mmu.fault(walker, fault));
    assertEquals("4K WA", leaf(6));
    assertEquals("2M WA", leaf(8));
  }

  @Test
  void ofAWriteNeverSplitsAWritableLeaf() {
    fault(5, Access.READ, 2);
    assertEquals(FaultResult.SPURIOUS, fault(6, Access.WRITE, 1));
    assertEquals("2M WA", leaf(6));
  }

  @Test
  void atALargerLevelMergesAFullTable() {
    for (long gfn = 4; gfn < 8; gfn++) {
      fault(gfn, gfn == 7 ? Access.WRITE : Access.READ, 1);
    }
    assertEquals(FaultResult.SPURIOUS, fault(5, Access.READ, 2));
    assertEquals("2M WAD", leaf(5));
  }

  @Test
  void atALargerLevelStaysInATableThatIsNotFull() {
    fault(4, Access.WRITE, 1);
    assertEquals(FaultResult.FIXED, fault(5, Access.READ, 2));
    assertEquals("4K WA", leaf(5));
    assertEquals("4K WAD", leaf(4));
  }

  @Test
  void byKvmsWaysALargerLevelReplacesTheTableUnasked() {
    useKvmsWays();
    fault(4, Access.WRITE, 1);
    assertEquals(FaultResult.FIXED, fault(5, Access.READ, 2));
    assertEquals("2M WAD", leaf(5));
    assertEquals("2M WAD", leaf(7));
  }

  @Test
  void ofAPrefetchIsNotAccessed() {
    fault.begin(5, Access.READ.bit(), mmu.invalidationSequence());
    fault.backedBy(5 + PFN_OFFSET, true, 1).asPrefetch();
    assertEquals(FaultResult.FIXED, mmu.fault(walker, fault));
    assertEquals("4K W", leaf(5));
  }

  @Test
  void retriesWhenAnInvalidationHasEndedSinceTheLookup() {
    fault.begin(5, Access.READ.bit(), mmu.invalidationSequence());
    mmu.beginInvalidation(new GfnRange(60, 61));
    mmu.endInvalidation();
    assertEquals(FaultResult.RETRY, mmu.fault(walker, fault.backedBy(5 + PFN_OFFSET, true, 1)));
    assertEquals("-", leaf(5));
  }

  @Test
  void retriesWhileItsBlockIsInProgressEvenIfItsGfnIsNot() {
    mmu.beginInvalidation(new GfnRange(7, 8));
    assertEquals(FaultResult.RETRY, fault(5, Access.READ, 2));
    assertEquals(FaultResult.FIXED, fault(5, Access.READ, 1), "a mapping that stays outside");
    assertEquals(FaultResult.RETRY, fault(7, Access.READ, 1));
    mmu.endInvalidation();
    assertEquals(FaultResult.FIXED, fault(7, Access.READ, 1));
  }

  @Test
  void retriesUntilTheLastOfNestedInvalidationsHasEnded() {
    mmu.beginInvalidation(new GfnRange(7, 8));
    mmu.beginInvalidation(new GfnRange(4, 5));
    mmu.endInvalidation();
    assertEquals(FaultResult.RETRY, fault(5, Access.READ, 1), "between the two");
    mmu.endInvalidation();
    assertThrows(IllegalStateException.class, mmu::endInvalidation);
    assertEquals(FaultResult.FIXED, fault(5, Access.READ, 1));
  }

  @Test
  void beyondTheTreeIsMisuse() {
    assertThrows(IllegalArgumentException.class, () -> fault(64, Access.READ, 1));
    assertThrows(IllegalArgumentException.class, () -> mmu.zap(walker, new GfnRange(63, 65)));
    assertThrows(IllegalArgumentException.class, () -> mmu.split(walker, ALL, 4, false));
  }

  /** It waits for a table, and when that is there what it has looked up is stale. */
  @Test
  void retriesIfItsPageWasInvalidatedWhileItWaitedForATable() {
    TdpMmu tight =
        new TdpMmu(new Geometry(2, 1), 2, MmuOptions.SEPTUM, new BiasedMmuLock(), TlbFlusher.NONE);
    Walker host = tight.newWalker();
    Walker faulting = tight.newWalker();
    Walker reader = tight.newWalker();
    GfnRange mapped = GfnRange.ofPages(0, 2);
    PageFault first = new PageFault().begin(0, Access.READ.bit(), tight.invalidationSequence());
    assertEquals(FaultResult.FIXED, tight.fault(host, first.backedBy(0, true, PageLevel.PG_4K)));
    reader.section().open(); // holds up the grace period of the only table
    assertEquals(1, tight.zap(host, mapped));
    assertEquals(1, tight.trim(host, mapped));
    host.handOverDead();
    CountDownLatch asked = new CountDownLatch(1);
    PageFault late =
        new PageFault()
            .begin(2, Access.READ.bit(), tight.invalidationSequence())
            .backedBy(2, true, PageLevel.PG_2M)
            .limitedBy(
                (gfn, cap) -> {
                  asked.countDown();
                  return PageLevel.PG_4K;
                });
    Crew crew = new Crew();
    crew.start(() -> assertEquals(FaultResult.RETRY, tight.fault(faulting, late)));
    Crew.await("the fault's first try", () -> asked.getCount() == 0);
    assertEquals(0, tight.zap(host, mapped));
    reader.section().close();
    crew.join();
  }
}
