package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Geometry;
import java.util.List;
import org.junit.jupiter.api.Test;

/** States that are put in place, and what the module makes of them. */
final class ModuleStateTest {
  private static final long GPA = 0x80_0000_0000L;
  private static final long TDR = 0x1_0000_1000L;
  private static final long TABLES = 0x1_0020_0000L;
  private static final long SMALL = 0x1_0060_0000L;
  private static final long PAGE = 0x1000;
  private static final long HOST_PFN = 0x10_0000;
  private static final long HOST_PAGES = 0x8_0000;
  private static final long OUTSIDE = 0x10_0000_0000L;

  private final TdxModule module =
      new TdxModule(ModuleConfig.v1501(Geometry.FOUR_LEVEL, HOST_PFN, HOST_PAGES));
  private final TrustDomain td =
      module.createTd(
          TDR,
          List.of(TDR + PAGE, TDR + 2 * PAGE, TDR + 3 * PAGE, TDR + 4 * PAGE),
          TdxModule.TdParams.DEFAULT);
  private final TdVcpu vcpu = module.createVcpu(td, TDR + 8 * PAGE, List.of());
  private final ModuleState state = new ModuleState(module);
  private final SeamcallRegisters call = new SeamcallRegisters();

  private void linkTables() {
    for (int level = 3; level > 0; level--) {
      long hpa = TABLES + (3 - level) * PAGE;
      state.assignPage(0, hpa, PageType.EPT, td);
      state.addChildren(td, 1);
      state.clearTable(hpa);
      state.setEntry(td, GPA, level, SeptEntry.makeTable(SeptState.NL_MAPPED, hpa));
    }
  }

  @Test
  void aStateThatIsPutInPlaceIsSound() {
    linkTables();
    state.assignPage(0, SMALL, PageType.REG, td);
    state.addChildren(td, 1);
    state.setEntry(td, GPA, 0, SeptEntry.makeLeaf(SeptState.MAPPED, SMALL));
    assertEquals(List.of(), module.audit());
    assertEquals(0, module.seamcall(call, TdxLeaf.MEM_SEPT_RD, 0, GPA, td, 0));
    assertEquals(SeptEntry.makeLeaf(SeptState.MAPPED, SMALL), call.rcx);
  }

  @Test
  void aBlockedTableIsPassedThroughWhenItIsLookedAt() {
    linkTables();
    state.setEntry(td, GPA, 1, SeptEntry.makeTable(SeptState.NL_BLOCKED, TABLES + 2 * PAGE));
    assertEquals(0, state.entryLevel(td, GPA, 0));
    assertEquals(SeptEntry.FREE, state.entry(td, GPA, 0));
    assertEquals(2, state.entryLevel(td, GPA + (1L << 30), 0));
  }

  @Test
  void aPlaceThatIsNotThereIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> state.setEntry(td, GPA, 0, SeptEntry.FREE));
    assertFalse(state.contains(OUTSIDE));
    assertThrows(IllegalArgumentException.class, () -> state.pageType(0, OUTSIDE));
    assertThrows(IllegalArgumentException.class, () -> state.lock(td, TdxLock.PAMT));
  }

  @Test
  void aVcpuComesInByTheEpochLockAlone() {
    state.setLock(td, TdxLock.TD_EPOCH, 1);
    assertFalse(state.tryEnter(vcpu));
    assertFalse(vcpu.isInside());
    state.setLock(td, TdxLock.TD_EPOCH, 0);
    assertTrue(state.tryEnter(vcpu));
    assertFalse(state.tryEnter(vcpu));
    assertEquals(1, td.epochs().inside(1));
    module.guest().exit(vcpu, 0);
    assertEquals(0, td.epochs().inside(1));
  }

  /** PAGE.ADD takes no entry lock; that one is set all the same breaks the module. */
  @Test
  void pageAddFindsALockedEntryOnlyWhereItWouldWriteIt() {
    linkTables();
    state.setEntry(td, GPA, 0, SeptEntry.FREE | SeptEntry.TDEL);
    assertEquals(
        SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, SeamcallStatus.R8),
        module.seamcall(call, TdxLeaf.MEM_PAGE_ADD, 0, GPA, td, SMALL + 1));
    assertThrows(
        ModuleFatalException.class,
        () -> module.seamcall(call, TdxLeaf.MEM_PAGE_ADD, 0, GPA, td, SMALL));
  }

  @Test
  void aMalformedChildKeepsItsTable() {
    linkTables();
    state.setEntry(td, GPA, 0, SeptEntry.FREE | SeptEntry.DIRTY);
    assertEquals(
        SeamcallStatus.of(SeamcallStatus.EPT_PAGE_NOT_FREE, SeamcallStatus.RCX),
        module.seamcall(call, TdxLeaf.MEM_SEPT_REMOVE, 1, GPA, td, 0));
  }

  /** What the PAMT says of a TD's root page: it belongs to nobody. */
  @Test
  void theRootPageHasNoOwner() {
    assertEquals(0, module.seamcall(call, TdxLeaf.PHYMEM_PAGE_RDMD, TDR));
    assertEquals(PageType.TDR.number(), call.rcx);
    assertEquals(0, call.rdx);
  }
}
