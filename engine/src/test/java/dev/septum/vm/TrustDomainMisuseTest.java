package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.SeamcallStatus;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a guest or an embedder does that no sound one does, and what that must not lead to. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TrustDomainMisuseTest {
  private static final long PAGE = 4096;
  private static final long BLOCK = 512;
  private static final GfnRange MEMORY = GfnRange.ofPages(0, 64 * BLOCK);

  private final VirtualMachine vm =
      VirtualMachine.builder()
          .maxTables(2048)
          .trustDomain(
              TrustDomainOptions.DEFAULT
                  .withHostPages(1 << 20)
                  .withListener(
                      (kind, gpa, level, count) -> {
                        throw new IllegalStateException("a listener that throws");
                      }))
          .build();
  private final TrustDomainHost td = vm.trustDomain();
  private TrustDomainVcpu vcpu;

  TrustDomainMisuseTest() {
    vm.addSlot(MEMORY, PageLevel.LEVEL_2M);
    td.convertToPrivate(MEMORY);
    vcpu = (TrustDomainVcpu) vm.newVcpu();
  }

  @AfterEach
  void isSound() {
    assertEquals(List.of(), vm.audit());
    assertEquals(0, vcpu.staleUses());
    vm.close();
    assertEquals(List.of(), td.module().tds());
  }

  private void accept(long gfn, PageLevel level) {
    assertEquals(
        SeamcallStatus.describe(SeamcallStatus.SUCCESS),
        SeamcallStatus.describe(vcpu.accept(gfn * PAGE, level)));
  }

  @Test
  void anAccessBeforeTheBuildIsFinalThrowsAndIsForgotten() {
    assertThrows(IllegalStateException.class, () -> vcpu.access(0, Access.READ));
    assertNull(vm.mmu().health().evidence());
    td.finalizeBuild();
    accept(0, PageLevel.LEVEL_2M);
  }

  @Test
  void aPrefaultBeforeTheBuildIsFinalThrowsAndMapsNothing() {
    GfnRange range = GfnRange.ofPages(0, 1);
    assertThrows(IllegalStateException.class, () -> vm.prefault(range));
    assertEquals(0, vm.mapped(PageLevel.LEVEL_2M));
    td.finalizeBuild();
    assertEquals(1, vm.prefault(range));
    accept(0, PageLevel.LEVEL_2M);
  }

  @Test
  void aPageThatCannotBeAddedIsNotAnnounced() {
    td.convertToShared(GfnRange.ofPages(7, 1));
    assertThrows(IllegalArgumentException.class, () -> td.addPage(7, 1));
    assertEquals(0, td.missingPages());
    td.finalizeBuild();
  }

  @Test
  void touchesOfUnacceptedMemoryGoOnForEver() {
    td.finalizeBuild();
    for (int touch = 0; touch < 100; touch++) {
      assertEquals(VcpuExit.UNACCEPTED, vcpu.access(touch % 9 * BLOCK * PAGE, Access.READ));
    }
    accept(0, PageLevel.LEVEL_2M);
    assertEquals(VcpuExit.NONE, vcpu.access(0, Access.READ));
    assertTrue(td.anomalies().listenerFailures() > 0);
  }

  @Test
  void privateAliasesOfSharedPagesAreEachAnswered() {
    td.finalizeBuild();
    accept(63 * BLOCK, PageLevel.LEVEL_2M);
    td.convertToShared(GfnRange.ofPages(0, 16));
    for (int touch = 0; touch < 50; touch++) {
      assertEquals(VcpuExit.MEMORY_FAULT, vcpu.access(touch % 16 * PAGE, Access.READ));
    }
    assertEquals(VcpuExit.NONE, vcpu.access(63 * BLOCK * PAGE, Access.READ));
    accept(62 * BLOCK, PageLevel.LEVEL_2M);
  }

  @Test
  void acceptingWhatComesBackAgainAndAgainIsNoEndlessViolation() {
    td.finalizeBuild();
    for (int round = 0; round < 2 * ViolationWatch.ENDLESS; round++) {
      accept(5, PageLevel.LEVEL_4K);
      td.convertToShared(GfnRange.ofPages(5, 1));
      td.convertToPrivate(GfnRange.ofPages(5, 1));
    }
    assertEquals(0, td.anomalies().count(GuestAnomalies.Kind.ENDLESS_VIOLATION));
  }

  @Test
  void anAcceptWithinAPageIsRefused() {
    td.finalizeBuild();
    assertThrows(IllegalArgumentException.class, () -> vcpu.accept(1, PageLevel.LEVEL_4K));
  }

  @Test
  void sharedMemoryHasContentToo() {
    td.finalizeBuild();
    td.convertToShared(GfnRange.ofPages(5, 1));
    long gpa = 5 * PAGE | td.sharedBit();
    assertEquals(VcpuExit.NONE, vcpu.store(gpa, 42));
    assertEquals(42, vcpu.load(gpa));
    assertTrue(vm.describe(gpa).contains("4K leaf"), vm.describe(gpa));
  }

  @Test
  void aConversionThatEnclosesPrivateMemoryTakesItFromNobody() {
    td.finalizeBuild();
    td.convertToShared(GfnRange.ofPages(0, 1));
    td.convertToShared(GfnRange.ofPages(2, 1));
    accept(1, PageLevel.LEVEL_4K);
    assertEquals(VcpuExit.NONE, vcpu.access(td.sharedBit(), Access.WRITE));
    assertEquals(VcpuExit.NONE, vcpu.access(2 * PAGE | td.sharedBit(), Access.WRITE));
    assertEquals(VcpuExit.NONE, vcpu.store(PAGE, 9));
    td.convertToPrivate(GfnRange.ofPages(0, 3));
    assertEquals(9, vcpu.load(PAGE));
    assertEquals(0, vcpu.staleUses());
  }

  @Test
  void aConversionToWhatItIsAlreadyLeavesTheBackingWhole() {
    td.finalizeBuild();
    accept(0, PageLevel.LEVEL_2M);
    td.convertToPrivate(GfnRange.ofPages(7, 3));
    assertEquals(PageLevel.PG_2M, vm.slots().find(0).guestMemfd().level(0));
    assertEquals(1, vm.mapped(PageLevel.LEVEL_2M));
  }

  @Test
  void halfAndHalfMakeAWholePageAgain() {
    td.finalizeBuild();
    accept(0, PageLevel.LEVEL_2M);
    td.convertToShared(GfnRange.ofPages(0, 256));
    td.convertToShared(GfnRange.ofPages(256, 256));
    assertEquals(PageLevel.PG_2M, vm.slots().find(0).guestMemfd().level(0));
  }

  @Test
  void aSlotInThePlaceOfAnotherIsSharedAtFirst() {
    td.finalizeBuild();
    vm.deleteSlot(vm.slots().find(0));
    vm.addSlot(MEMORY, PageLevel.LEVEL_2M);
    assertEquals(VcpuExit.MEMORY_FAULT, vcpu.access(0, Access.READ));
    assertEquals(VcpuExit.NONE, vcpu.access(td.sharedBit(), Access.READ));
  }

  @Test
  void vcpusMayBeMadeByManyThreads() {
    Crew crew = new Crew();
    for (int thread = 0; thread < 8; thread++) {
      crew.start(
          () -> {
            for (int i = 0; i < 10; i++) {
              vm.newVcpu();
            }
          });
    }
    crew.join();
    td.finalizeBuild();
  }

  @Test
  void closingTwiceAtOnceClosesOnce() {
    td.finalizeBuild();
    Crew crew = new Crew();
    VirtualMachine other =
        VirtualMachine.builder()
            .maxTables(64)
            .trustDomain(TrustDomainOptions.DEFAULT.withHostPages(1 << 10))
            .build();
    crew.start(other::close);
    crew.start(other::close);
    crew.join();
    assertEquals(List.of(), other.trustDomain().module().tds());
  }
}
