package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.TableArenaFullException;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What is left when an operation ends by an exception: nothing held, nothing lost, nothing hidden.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FailureTest {
  private static final Geometry GEOMETRY = new Geometry(3, 2);
  private static final GfnRange ALL = new GfnRange(0, 64);
  private static final MappingLimits UNLIMITED = (gfn, cap) -> cap;

  private final BiasedMmuLock lock = new BiasedMmuLock();

  private TdpMmu newMmu(int maxTables, TlbFlusher flusher) {
    return new TdpMmu(GEOMETRY, maxTables, MmuOptions.SEPTUM, lock, flusher);
  }

  private static FaultResult fault(TdpMmu mmu, Walker walker, long gfn, int level) {
    PageFault fault = new PageFault().begin(gfn, Access.READ.bit(), mmu.invalidationSequence());
    return mmu.fault(walker, fault.backedBy(gfn + 64, true, level));
  }

  private void assertLockIsFree() {
    long stamp = lock.lockExclusive();
    lock.unlockExclusive(stamp);
    assertFalse(lock.isHeldExclusive());
  }

  @Test
  void aFlushThatThrowsBugsTheMachine() {
    RuntimeException failure = new IllegalArgumentException("no such TLB");
    TdpMmu mmu =
        newMmu(
            100,
            new TlbFlusher() {
              @Override
              public void flush(long start, long pages) {
                throw failure;
              }
            });
    Walker walker = mmu.newWalker();
    fault(mmu, walker, 5, PageLevel.PG_2M);
    assertSame(failure, assertThrows(RuntimeException.class, () -> mmu.zap(walker, ALL)));
    assertLockIsFree();
    assertFalse(walker.section().isOpen());
    MachineBuggedException bugged =
        assertThrows(MachineBuggedException.class, () -> mmu.zap(walker, ALL));
    assertTrue(
        bugged.getMessage().contains("the flush of gfns [0x4, 0x8) failed"), bugged.getMessage());
    assertEquals(List.of(AuditRule.HEALTH), mmu.audit().stream().map(Violation::rule).toList());
  }

  @Test
  void anOperationInsideAReadSectionIsMisuseAndHoldsNothing() {
    TdpMmu mmu = newMmu(100, TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    walker.section().open();
    assertThrows(IllegalStateException.class, () -> fault(mmu, walker, 5, PageLevel.PG_4K));
    assertThrows(IllegalStateException.class, () -> mmu.zap(walker, ALL));
    assertThrows(IllegalStateException.class, walker::close);
    walker.section().close();
    assertLockIsFree();
    assertEquals(FaultResult.FIXED, fault(mmu, walker, 5, PageLevel.PG_4K));
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aMachineThatIsClosedWhileAFaultWaitsForTheLockTakesNoInstall() {
    List<TdpMmu> closing = new ArrayList<>();
    MmuLock overtaken =
        new ContendedLock(new ArrayList<>()) {
          @Override
          public long lockShared(ReadSection section) {
            closing.forEach(TdpMmu::close); // another thread had the lock first
            return super.lockShared(section);
          }
        };
    TdpMmu mmu = new TdpMmu(GEOMETRY, 100, MmuOptions.SEPTUM, overtaken, TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    closing.add(mmu);
    assertThrows(IllegalStateException.class, () -> fault(mmu, walker, 5, PageLevel.PG_4K));
    assertEquals(0, mmu.tables().live());
    assertFalse(walker.section().isOpen());
  }

  @Test
  void aSplitThatFindsTooFewTablesTakesNone() {
    TdpMmu mmu = newMmu(6, TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    Walker other = mmu.newWalker();
    fault(mmu, walker, 0, PageLevel.PG_1G);
    fault(mmu, walker, 16, PageLevel.PG_1G);
    assertEquals(1, mmu.tables().live());
    assertThrows(TableArenaFullException.class, () -> mmu.split(walker, ALL, 1, false));
    assertEquals(0, walker.tables.available());
    assertEquals(FaultResult.FIXED, fault(mmu, other, 32, PageLevel.PG_4K), "two tables");
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aFaultThatFindsItsPageInALargerLeafWantsNoTable() {
    TdpMmu mmu = newMmu(1, TlbFlusher.NONE); // the root's
    Walker walker = mmu.newWalker();
    assertEquals(FaultResult.FIXED, fault(mmu, walker, 0, PageLevel.PG_1G));
    PageFault write = new PageFault().begin(5, Access.WRITE.bit(), mmu.invalidationSequence());
    write.backedBy(69, true, PageLevel.PG_4K);
    assertEquals(FaultResult.SPURIOUS, mmu.fault(walker, write));
    assertThrows(
        TableArenaFullException.class,
        () -> fault(mmu, walker, 5, PageLevel.PG_4K),
        "a read splits");
    assertEquals(List.of(), mmu.audit());
  }

  /** A lock behind whose next release another thread comes, before this one asks for a table. */
  private static MmuLock lockWith(List<Runnable> meanwhile) {
    return new ContendedLock(new ArrayList<>()) {
      @Override
      public void unlockShared(ReadSection section, long stamp) {
        super.unlockShared(section, stamp);
        if (!meanwhile.isEmpty()) {
          meanwhile.remove(0).run();
        }
      }
    };
  }

  /** A lock that is wanted until another thread has come, in a yield. */
  private static MmuLock yieldingTo(List<Runnable> meanwhile) {
    return new ContendedLock(new ArrayList<>()) {
      @Override
      public boolean isContendedByExclusive() {
        return !meanwhile.isEmpty();
      }

      @Override
      public long yieldShared(ReadSection section, long stamp) {
        section.close();
        meanwhile.remove(0).run();
        section.open();
        return stamp;
      }
    };
  }

  @Test
  void aSplitWhoseRangeTheLastTableWasUsedForWantsNone() {
    List<Runnable> meanwhile = new ArrayList<>();
    TdpMmu mmu =
        new TdpMmu(new Geometry(2, 1), 2, MmuOptions.SEPTUM, lockWith(meanwhile), TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    Walker other = mmu.newWalker();
    GfnRange block = GfnRange.ofPages(0, 2);
    fault(mmu, other, 0, PageLevel.PG_2M);
    fault(mmu, other, 2, PageLevel.PG_2M);
    other.tables.require(1); // the last one
    meanwhile.add(() -> assertEquals(1, mmu.split(other, block, PageLevel.PG_4K, false)));
    assertEquals(0, mmu.split(walker, block, PageLevel.PG_4K, false));
    assertEquals(2, mmu.tables().live());
    assertThrows(
        TableArenaFullException.class,
        () -> mmu.split(walker, GfnRange.ofPages(2, 2), PageLevel.PG_4K, false),
        "the other block has no table");
    assertFalse(walker.section().isOpen());
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aFaultWhosePageTheLastTableWasUsedForWantsNone() {
    List<Runnable> meanwhile = new ArrayList<>();
    TdpMmu mmu =
        new TdpMmu(new Geometry(2, 1), 2, MmuOptions.SEPTUM, lockWith(meanwhile), TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    Walker other = mmu.newWalker();
    other.tables.require(1); // the last one
    meanwhile.add(() -> assertEquals(FaultResult.FIXED, fault(mmu, other, 1, PageLevel.PG_4K)));
    assertEquals(FaultResult.FIXED, fault(mmu, walker, 0, PageLevel.PG_4K));
    assertEquals(2, mmu.tables().live());
    assertThrows(
        TableArenaFullException.class,
        () -> fault(mmu, walker, 2, PageLevel.PG_4K),
        "the other block has no table");
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aSplitThatWantsFewerThanItWasRefusedGetsThem() {
    List<Runnable> meanwhile = new ArrayList<>();
    TdpMmu mmu =
        new TdpMmu(new Geometry(2, 2), 4, MmuOptions.SEPTUM, lockWith(meanwhile), TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    Walker other = mmu.newWalker();
    for (long gfn = 0; gfn < 12; gfn += 4) {
      fault(mmu, other, gfn, PageLevel.PG_2M);
    }
    other.tables.require(2); // one is left
    GfnRange two = GfnRange.ofPages(0, 8);
    meanwhile.add(() -> assertEquals(2, mmu.split(other, two, PageLevel.PG_4K, false)));
    assertEquals(1, mmu.split(walker, GfnRange.ofPages(0, 12), PageLevel.PG_4K, false));
    assertEquals(4, mmu.tables().live());
    assertEquals(List.of(), mmu.audit());
  }

  /** It gives way when the first half is split; then a merge undoes that, and takes the second. */
  @Test
  void aSplitThatRunsShortGoesOnFromWhereItWas() {
    List<Runnable> meanwhile = new ArrayList<>();
    TdpMmu mmu =
        new TdpMmu(
            new Geometry(3, 1), 4, MmuOptions.SEPTUM, yieldingTo(meanwhile), TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    Walker other = mmu.newWalker();
    GfnRange four = GfnRange.ofPages(0, 4);
    fault(mmu, other, 0, PageLevel.PG_2M);
    fault(mmu, other, 2, PageLevel.PG_4K);
    fault(mmu, other, 3, PageLevel.PG_4K);
    meanwhile.add(
        () -> {
          assertEquals(3, mmu.merge(other, four, PageLevel.PG_1G, (gfn, cap) -> cap));
          other.tables.require(1); // two are left: for the 1G, and for the second 2M
        });
    assertEquals(3, mmu.split(walker, four, PageLevel.PG_4K, false));
    assertEquals(List.of(), meanwhile);
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aFaultThatWantsFewerThanItWasRefusedGetsThem() {
    List<Runnable> meanwhile = new ArrayList<>();
    TdpMmu mmu =
        new TdpMmu(new Geometry(3, 1), 3, MmuOptions.SEPTUM, lockWith(meanwhile), TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    Walker other = mmu.newWalker();
    other.tables.require(1); // one is left
    meanwhile.add(() -> assertEquals(FaultResult.FIXED, fault(mmu, other, 2, PageLevel.PG_2M)));
    assertEquals(FaultResult.FIXED, fault(mmu, walker, 0, PageLevel.PG_4K));
    assertEquals(3, mmu.tables().live());
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aSplitToTheLargestLevelHasNothingToDo() {
    TdpMmu mmu = newMmu(100, TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    fault(mmu, walker, 0, PageLevel.PG_1G);
    fault(mmu, walker, 17, PageLevel.PG_4K);
    assertEquals(0, mmu.split(walker, ALL, PageLevel.PG_1G, false));
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aMergeLeavesAloneWhatIsBeingInvalidated() {
    TdpMmu mmu = newMmu(100, TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    for (long gfn = 0; gfn < 8; gfn++) {
      fault(mmu, walker, gfn, PageLevel.PG_4K);
    }
    mmu.beginInvalidation(GfnRange.ofPages(6, 1));
    assertEquals(1, mmu.merge(walker, ALL, PageLevel.PG_2M, UNLIMITED));
    mmu.endInvalidation();
    assertEquals(1, mmu.merge(walker, ALL, PageLevel.PG_2M, UNLIMITED));
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aFaultThatWasNotLookedUpIsMisuse() {
    TdpMmu mmu = newMmu(100, TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    long now = mmu.invalidationSequence();
    PageFault fault = new PageFault().begin(5, Access.READ.bit(), now);
    assertThrows(IllegalArgumentException.class, () -> mmu.fault(walker, fault), "no frame");
    fault.begin(5, Access.READ.bit(), now).backedBy(70, true, PageLevel.PG_2M);
    assertThrows(IllegalArgumentException.class, () -> mmu.fault(walker, fault), "misaligned");
    assertThrows(IllegalArgumentException.class, () -> fault.wanting(0), "no level");
    assertThrows(IllegalArgumentException.class, () -> fault.backedBy(69, true, 4), "no level");
    assertLockIsFree();
    assertEquals(List.of(), mmu.audit());
  }

  @Test
  void aLookWithAClosedWalkerIsMisuseAndHoldsNothing() {
    TdpMmu mmu = newMmu(100, TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    walker.close();
    assertThrows(
        IllegalStateException.class,
        () -> mmu.forEachLeaf(walker, ALL, Roots.DIRECT, (gfn, level, entry) -> {}));
    assertLockIsFree();
  }

  @Test
  void aWalkerServesItsOwnMmuUntilItIsClosed() {
    TdpMmu mmu = newMmu(100, TlbFlusher.NONE);
    TdpMmu other = newMmu(100, TlbFlusher.NONE);
    Walker walker = mmu.newWalker();
    assertThrows(IllegalStateException.class, () -> other.zap(walker, ALL));
    walker.close();
    walker.close();
    assertThrows(IllegalStateException.class, () -> fault(mmu, walker, 5, PageLevel.PG_4K));
    assertEquals(List.of(), mmu.audit());
  }
}
