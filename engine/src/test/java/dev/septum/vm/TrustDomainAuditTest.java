package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.AuditRule;
import dev.septum.mmu.MachineBuggedException;
import dev.septum.mmu.Roots;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.MirrorAudit;
import dev.septum.tdx.ModuleState;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.TdEpochs;
import dev.septum.tdx.TdxLeaf;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A sound trust domain, broken in one way: each checker that there is of it, failing. Mapped are
 * one accepted 2M page, with content, and one shared page.
 */
final class TrustDomainAuditTest {
  private static final long GFN = TdMachine.GFN;
  private static final long SHARED_GFN = GFN + 512;
  private static final long CONTENT = 77;

  private final TdMachine td = new TdMachine(TrustDomainOptions.DEFAULT, 1, 2, 64);
  private final MemorySlot slot = td.vm.slots().all().get(0);
  private final TrustDomainVcpu vcpu = td.vcpu();

  @BeforeEach
  void mapTwo() {
    td.host().convertToShared(GfnRange.ofPages(SHARED_GFN, 512));
    td.acceptWhole(GFN, PageLevel.LEVEL_2M);
    assertEquals(VcpuExit.NONE, vcpu.store(TdMachine.gpa(GFN), CONTENT));
    long shared = TdMachine.gpa(SHARED_GFN) | td.host().sharedBit();
    assertEquals(VcpuExit.NONE, vcpu.access(shared, Access.WRITE));
    assertEquals("0 of 4K, 2 of 2M", td.mapped());
    td.assertSound();
  }

  private GuestMemfd memfd() {
    GuestMemfd memfd = slot.guestMemfd();
    assertTrue(memfd != null);
    return memfd;
  }

  private void assertBroken(AuditRule rule) {
    assertEquals(List.of(rule), td.broken());
  }

  @Test
  void whatTheSecureEptDoesNotHaveAsTheMirrorDoesIsFound() {
    td.behindItsBack(TdxLeaf.MEM_RANGE_BLOCK, GFN, 2);
    assertBroken(AuditRule.MIRROR);
  }

  @Test
  void anEntryThatIsKeptFromGuestsIsFoundAndGivenBack() {
    ModuleState state = new ModuleState(td.host().module());
    long entry = state.entry(td.host().td(), TdMachine.gpa(GFN), 1);
    state.setEntry(td.host().td(), TdMachine.gpa(GFN), 1, entry | SeptEntry.TDHP);
    assertBroken(AuditRule.HOST_PRIORITY);
    td.assertSound();
  }

  @Test
  void thousandsAreNotListed() {
    TdMachine many = new TdMachine(TrustDomainOptions.DEFAULT, 1, 4, 32);
    ModuleState state = new ModuleState(many.host().module());
    for (long gfn = many.memory.start(); gfn < many.memory.end(); gfn++) {
      many.acceptWhole(gfn, PageLevel.LEVEL_4K);
      state.setEntry(many.host().td(), TdMachine.gpa(gfn), 0, SeptEntry.FREE | SeptEntry.TDHP);
    }
    try (Walker walker = many.vm.mmu().newWalker()) {
      TrustDomainHost host = many.host();
      int listed = MirrorAudit.run(many.vm.mmu(), walker, host.module(), host.td()).size();
      assertTrue(listed >= 1000 && listed <= 1001, listed + " of " + 2 * many.memory.pages());
    }
  }

  @Test
  void privateMemoryThatIsMappedAsSharedIsFound() {
    td.host().attributes().setPrivate(GfnRange.ofPages(SHARED_GFN, 512), true);
    assertBroken(AuditRule.ATTRIBUTES);
  }

  @Test
  void aLargeMappingOverMixedMemoryIsFound() {
    td.host().attributes().setPrivate(GfnRange.ofPages(GFN + 9, 1), false);
    assertBroken(AuditRule.ATTRIBUTES);
  }

  @Test
  void aLargeMappingWhereTheGuestInhibitsItIsFound() {
    slot.limits().inhibit(GFN, PageLevel.PG_2M);
    assertBroken(AuditRule.INHIBIT);
  }

  @Test
  void aModuleThatCountsWrongIsFound() {
    new ModuleState(td.host().module()).addChildren(td.host().td(), 1);
    assertBroken(AuditRule.MODULE);
  }

  @Test
  void aMappingLargerThanItsBackingIsFound() {
    memfd().split(GfnRange.ofPages(GFN + 9, 1));
    assertBroken(AuditRule.BACKING);
  }

  @Test
  void aMappingOverAHoleIsFound() {
    memfd().punch(TdMachine.BLOCK);
    assertBroken(AuditRule.BACKING);
  }

  /** A zap that was not preceded by a split would take the page's other half with it. */
  @Test
  void aZapOfMoreThanItsRangeBugsTheMachineAndLosesNothing() {
    long pfn = slot.pfnOf(GFN);
    GfnRange narrow = GfnRange.ofPages(GFN + 5, 1);
    assertThrows(
        MachineBuggedException.class,
        () -> td.vm.withWalker(walker -> td.vm.mmu().zap(walker, narrow, Roots.MIRROR)));
    String evidence = td.vm.mmu().health().evidence();
    assertTrue(evidence != null && evidence.contains("that was not split"), evidence);
    assertBroken(AuditRule.HEALTH);
    assertEquals("0 of 4K, 2 of 2M", td.mapped());
    assertEquals(CONTENT, td.host().content().readAcquire(pfn));
    assertThrows(MachineBuggedException.class, () -> vcpu.load(TdMachine.gpa(GFN)));
    td.closeAndCheckAllIsGivenBack();
  }

  /** A vCPU that comes back in its old epoch, and so keeps what its TLB has. */
  @Test
  void aTranslationThatOutlivesItsEpochIsAStaleUse() {
    TdEpochs epochs = td.host().td().epochs();
    ModuleState state = new ModuleState(td.host().module());
    long before = vcpu.cpu().epoch();
    assertEquals(1, td.host().convertToShared(TdMachine.BLOCK));
    long after = epochs.epoch();
    assertTrue(after > before);
    state.setEpochs(td.host().td(), before, 0, 0);
    assertEquals(VcpuExit.NONE, vcpu.access(TdMachine.gpa(GFN), Access.READ));
    assertEquals(1, vcpu.staleUses());
    state.setEpochs(td.host().td(), after, 0, 0);
    assertEquals(VcpuExit.MEMORY_FAULT, vcpu.access(TdMachine.gpa(GFN), Access.READ));
    assertEquals(1, vcpu.staleUses());
    td.assertSound();
  }
}
