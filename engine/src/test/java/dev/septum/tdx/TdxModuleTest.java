package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Geometry;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A TD's life, call by call. The statuses, the entries and what RCX and RDX say are those that
 * module 1.5.01 gave for the same calls.
 */
final class TdxModuleTest {
  private static final long GPA = 0x80_0000_0000L;
  private static final long TDR = 0x1_0000_1000L;
  private static final long TABLES = 0x1_0020_0000L;
  private static final long TABLE = 0x1_0040_0000L;
  private static final long SMALL = 0x1_00e0_0000L;
  private static final long LARGE = 0x1_0080_0000L;
  private static final long LARGE_BYTES = 0x20_0000L;
  private static final long PAGE = 0x1000;
  private static final long HOST_PFN = 0x10_0000;
  private static final long HOST_PAGES = 0x8_0000;
  private static final int CONTROL_PAGES = 8;

  private final TdxModule module =
      new TdxModule(ModuleConfig.v1501(Geometry.FOUR_LEVEL, HOST_PFN, HOST_PAGES));
  private final TrustDomain td =
      module.createTd(
          TDR,
          List.of(TDR + PAGE, TDR + 2 * PAGE, TDR + 3 * PAGE, TDR + 4 * PAGE),
          TdxModule.TdParams.DEFAULT);
  private final TdVcpu vcpu = module.createVcpu(td, TDR + CONTROL_PAGES * PAGE, List.of());
  private final SeamcallRegisters call = new SeamcallRegisters();

  @BeforeEach
  void buildTheUpperTables() {
    assertStatus(0, run(TdxLeaf.MEM_SEPT_ADD, 3, GPA, TABLES));
    assertStatus(0, run(TdxLeaf.MEM_SEPT_ADD, 2, GPA, TABLES + PAGE));
    assertStatus(0, module.seamcall(call, TdxLeaf.MR_FINALIZE, TDR));
  }

  @AfterEach
  void isSound() {
    assertEquals(List.of(), module.audit());
  }

  private long run(TdxLeaf leaf, int level, long gpa, long page) {
    return module.seamcall(call, leaf, level, gpa, td, page);
  }

  private static void assertStatus(long expected, long status) {
    assertEquals(
        SeamcallStatus.describe(expected) + String.format(" 0x%x", expected),
        SeamcallStatus.describe(status) + String.format(" 0x%x", status));
  }

  private long entry(int level, long gpa) {
    call.gpa = gpa;
    call.level = level;
    module.sept().walk(td, call);
    return SecureEpt.entryAcquire(call.table, call.index);
  }

  private void assertShown(long status, long rcx, long rdx, long found) {
    assertStatus(status, found);
    assertEquals(Long.toHexString(rcx), Long.toHexString(call.rcx));
    assertEquals(Long.toHexString(rdx), Long.toHexString(call.rdx));
  }

  private void enter() {
    assertStatus(0, module.seamcall(call, TdxLeaf.VP_ENTER, vcpu.tdvpr()));
    assertTrue(vcpu.isInside());
  }

  private void track() {
    assertStatus(0, module.seamcall(call, TdxLeaf.MEM_TRACK, TDR));
  }

  @Test
  void aSmallPageIsAddedAcceptedBlockedTrackedAndRemoved() {
    assertStatus(0, run(TdxLeaf.MEM_SEPT_ADD, 1, GPA, TABLE));
    assertEquals(0x8000_0001_0040_0007L, entry(1, GPA));
    assertShown(0xc0000b0d_00000001L, 7, 0x8401, run(TdxLeaf.MEM_SEPT_ADD, 1, GPA, TABLE + PAGE));
    assertStatus(0, run(TdxLeaf.MEM_PAGE_AUG, 0, GPA, SMALL));
    assertEquals(0x8100_0001_00e0_00f0L, entry(0, GPA));
    enter();
    assertEquals(GuestOutcome.RETURNED, module.guest().accept(vcpu, GPA | 1));
    assertStatus(0xc0000b0b_00000001L, vcpu.guestRax());
    assertEquals(GuestOutcome.RETURNED, module.guest().accept(vcpu, GPA));
    assertStatus(0, vcpu.guestRax());
    assertEquals(0x8000_0001_00e0_00f7L, entry(0, GPA));
    assertShown(
        0xc0000b06_00000001L,
        0x8000_0001_00e0_00f7L,
        0x400,
        run(TdxLeaf.MEM_PAGE_REMOVE, 0, GPA, 0));
    assertStatus(0, run(TdxLeaf.MEM_RANGE_BLOCK, 0, GPA, 0));
    assertShown(0xc0000b08_00000001L, 0, 0, run(TdxLeaf.MEM_PAGE_REMOVE, 0, GPA, 0));
    track();
    assertStatus(
        0x80000201_00000000L, module.seamcall(call, TdxLeaf.MEM_TRACK, TDR)); // it is still inside
    assertShown(0xc0000b08_00000001L, 0, 0, run(TdxLeaf.MEM_PAGE_REMOVE, 0, GPA, 0));
    module.guest().exit(vcpu, 0);
    assertFalse(vcpu.isInside());
    assertShown(0, SMALL, 0, run(TdxLeaf.MEM_PAGE_REMOVE, 0, GPA, 0));
    assertEquals(SeptEntry.FREE, entry(0, GPA));
  }

  @Test
  void anAcceptBelowALargePendingPageExits() {
    assertStatus(0, run(TdxLeaf.MEM_PAGE_AUG, 1, GPA, LARGE));
    enter();
    assertEquals(GuestOutcome.TD_EXIT, module.guest().accept(vcpu, GPA + PAGE));
    assertFalse(vcpu.isInside());
    assertEquals(GuestLeaves.EPT_VIOLATION, vcpu.exitRax());
    assertEquals(
        ExitQualification.ACCEPT, ExitQualification.type(vcpu.extendedExitQualification()));
    assertEquals(1, ExitQualification.foundLevel(vcpu.extendedExitQualification()));
    assertEquals(2, ExitQualification.foundState(vcpu.extendedExitQualification()));
  }

  @Test
  void anAcceptedLargePageIsDemotedAndPromoted() {
    assertStatus(0, run(TdxLeaf.MEM_PAGE_AUG, 1, GPA, LARGE));
    enter();
    assertEquals(GuestOutcome.RETURNED, module.guest().accept(vcpu, GPA | 1));
    module.guest().exit(vcpu, 0);
    assertStatus(0, run(TdxLeaf.MEM_RANGE_BLOCK, 1, GPA, 0));
    track();
    assertStatus(0, run(TdxLeaf.MEM_PAGE_DEMOTE, 1, GPA, TABLE));
    assertEquals(0x8000_0001_0040_0007L, entry(1, GPA));
    assertEquals(
        SeptEntry.makeLeaf(SeptState.MAPPED, LARGE + LARGE_BYTES - PAGE),
        entry(0, GPA + LARGE_BYTES - PAGE));
    assertEquals(List.of(), module.audit());
    assertShown(0xc0000b06_00000001L, 7, 0x8401, run(TdxLeaf.MEM_PAGE_PROMOTE, 1, GPA, 0));
    assertStatus(0, run(TdxLeaf.MEM_RANGE_BLOCK, 1, GPA, 0));
    track();
    assertShown(0, TABLE, 0, run(TdxLeaf.MEM_PAGE_PROMOTE, 1, GPA, 0));
    assertEquals(SeptEntry.makeLeaf(SeptState.MAPPED, LARGE), entry(1, GPA));
  }
}
