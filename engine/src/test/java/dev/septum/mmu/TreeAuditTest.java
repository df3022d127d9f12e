package dev.septum.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;
import dev.septum.paging.TableArena.TableState;
import dev.septum.trace.MmuCounter;
import dev.septum.vm.Vcpu;
import dev.septum.vm.VirtualMachine;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Every rule of the audit, failing on a tree that breaks it.
 *
 * <p>The tree has 3 levels of 2 bits: 64 gfns, leaves of 1, 4 and 16. Mapped are gfn 0 by itself
 * and gfns 4 to 7 by one leaf.
 */
final class TreeAuditTest {
  private static final Geometry GEOMETRY = new Geometry(3, 2);
  private static final long LEAF_4K_GFN = 0;
  private static final long LEAF_2M_GFN = 4;

  private final VirtualMachine vm = VirtualMachine.builder().geometry(GEOMETRY).build();
  private final TdpMmu mmu = vm.mmu();
  private final TableArena arena = mmu.arena();
  private final Walker walker = mmu.newWalker();

  @BeforeEach
  void mapTwoLeaves() {
    vm.addSlot(new GfnRange(0, 64), PageLevel.LEVEL_2M);
    vm.forbidLargePage(LEAF_4K_GFN, PageLevel.LEVEL_2M);
    try (Vcpu vcpu = vm.newVcpu()) {
      vcpu.access(LEAF_4K_GFN << Geometry.PAGE_SHIFT, Access.WRITE);
      vcpu.access(LEAF_2M_GFN << Geometry.PAGE_SHIFT, Access.READ);
    }
    assertEquals(1, vm.mapped(PageLevel.LEVEL_4K));
    assertEquals(1, vm.mapped(PageLevel.LEVEL_2M));
    assertEquals(Set.of(), rulesBroken());
  }

  @AfterEach
  void giveBack() {
    walker.close();
  }

  @Test
  void structureWhenATableIsReachedTwice() {
    store(2, 8, entryAt(2, 0));
    assertBroken(AuditRule.STRUCTURE);
  }

  @Test
  void structureWhenAnEntryNamesATableThatNeverWas() {
    store(2, 8, Spte.makeTable(12345));
    assertBroken(AuditRule.STRUCTURE);
  }

  @Test
  void structureWhenATableLiesElsewhereThanItSays() {
    arena.describe(Spte.table(entryAt(2, 0)), 1, 8, TableState.LIVE);
    assertBroken(AuditRule.STRUCTURE);
  }

  @Test
  void entryWhenItIsNeitherEmptyNorPresent() {
    store(1, 1, 0);
    assertBroken(AuditRule.ENTRY);
  }

  @Test
  void entryWhenWritableButNotMmuWritable() {
    long readOnly = Spte.makeLeaf(Spte.pfn(entryAt(1, LEAF_4K_GFN)), 1, false, 0);
    store(1, LEAF_4K_GFN, readOnly | Access.WRITE.bit());
    assertBroken(AuditRule.ENTRY, AuditRule.BACKING);
  }

  @Test
  void alignmentWhenAHugeLeafStartsInTheMiddle() {
    store(2, LEAF_2M_GFN, Spte.makeLeaf(0x101, 2, true, 0));
    assertBroken(AuditRule.ALIGNMENT, AuditRule.BACKING);
  }

  @Test
  void leafOverTableWhenALeafCoversALiveTable() {
    store(2, 0, Spte.makeLeaf(0x100, 2, true, 0));
    assertTrue(rulesBroken().contains(AuditRule.LEAF_OVER_TABLE), () -> vm.audit().toString());
  }

  @Test
  void frozenWhenALockedEntryWasLeft() {
    store(1, 2, Spte.FROZEN);
    assertBroken(AuditRule.FROZEN);
  }

  @Test
  void countsWhenALeafWasNotCounted() {
    walker.counters().add(MmuCounter.MAPPED_4K, 1);
    assertBroken(AuditRule.COUNTS);
  }

  @Test
  void countsWhenALeafVanished() {
    store(2, LEAF_2M_GFN, Spte.EMPTY);
    assertBroken(AuditRule.COUNTS);
  }

  @Test
  void arenaWhenATableWasLost() {
    walker.tables.topUp(1);
    walker.tables.take(1, 8);
    walker.tables.linked();
    assertBroken(AuditRule.ARENA);
  }

  @Test
  void arenaWhenADeadTableWasNotCounted() {
    walker.tables.topUp(1);
    arena.setState(walker.tables.take(1, 8), TableState.DEAD);
    assertBroken(AuditRule.ARENA);
  }

  @Test
  void doubleUseWhenALiveTableIsFree() {
    walker.tables.putBack(Spte.table(entryAt(2, 0)));
    assertTrue(rulesBroken().contains(AuditRule.DOUBLE_USE), () -> vm.audit().toString());
  }

  @Test
  void doubleUseWhenATableIsFreeTwice() {
    walker.tables.topUp(1);
    int table = walker.tables.take(1, 8);
    walker.tables.putBack(table);
    walker.tables.putBack(table);
    assertTrue(rulesBroken().contains(AuditRule.DOUBLE_USE), () -> vm.audit().toString());
  }

  @Test
  void invalidationWhenOneWasNotEnded() {
    mmu.beginInvalidation(new GfnRange(0, 1));
    assertBroken(AuditRule.INVALIDATION);
  }

  @Test
  void backingWhenALeafMapsAForeignFrame() {
    store(1, LEAF_4K_GFN, Spte.makeLeaf(0x7777, 1, true, 0));
    assertBroken(AuditRule.BACKING);
  }

  @Test
  void healthWhenALeafChangedItsFrame() {
    long foreign = 0x7777;
    PageFault fault =
        new PageFault()
            .begin(LEAF_4K_GFN, Access.WRITE.bit(), mmu.invalidationSequence())
            .backedBy(foreign, true, 1);
    store(1, LEAF_4K_GFN, Spte.makeLeaf(vm.slots().all().get(0).pfn(), 1, false, 0));
    assertThrows(MachineBuggedException.class, () -> mmu.fault(walker, fault));
    assertEquals(Set.of(AuditRule.HEALTH), brokenInTree());
    assertThrows(
        MachineBuggedException.class, () -> mmu.split(walker, new GfnRange(0, 1), 1, false));
  }

  private long entryAt(int level, long gfn) {
    return arena.entryAcquire(tableAt(level, gfn), GEOMETRY.index(gfn, level));
  }

  private void store(int level, long gfn, long entry) {
    arena.storeEntryRelease(tableAt(level, gfn), GEOMETRY.index(gfn, level), entry);
  }

  private int tableAt(int level, long gfn) {
    int table = mmu.root().table();
    for (int at = GEOMETRY.levels(); at > level; at--) {
      table = Spte.table(arena.entryAcquire(table, GEOMETRY.index(gfn, at)));
    }
    return table;
  }

  private void assertBroken(AuditRule first, AuditRule... others) {
    Set<AuditRule> allowed = EnumSet.of(first, others);
    Set<AuditRule> broken = rulesBroken();
    assertTrue(broken.contains(first), () -> first + " was not found: " + vm.audit());
    assertTrue(allowed.containsAll(broken), () -> "more than " + allowed + ": " + vm.audit());
  }

  private Set<AuditRule> rulesBroken() {
    return vm.audit().stream().map(Violation::rule).collect(Collectors.toSet());
  }

  private Set<AuditRule> brokenInTree() {
    return mmu.audit().stream().map(Violation::rule).collect(Collectors.toSet());
  }
}
