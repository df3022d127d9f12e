package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.mmu.AuditRule;
import dev.septum.mmu.Violation;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import java.util.ArrayList;
import java.util.List;

/** A trust domain that runs: one slot, all private; if nothing else is said, in pages of 2M. */
final class TdMachine {
  static final long PAGE = 1L << Geometry.PAGE_SHIFT;
  static final int BLOCK_PAGES = 512;
  static final long GFN = 16 * BLOCK_PAGES;
  static final GfnRange BLOCK = GfnRange.ofPages(GFN, BLOCK_PAGES);

  final VirtualMachine vm;
  final GfnRange memory;
  final List<TrustDomainVcpu> vcpus = new ArrayList<>();

  TdMachine(TrustDomainOptions options, int vcpus, int blocks, int maxTables) {
    this(
        options,
        vcpus,
        GfnRange.ofPages(GFN, (long) blocks * BLOCK_PAGES),
        PageLevel.LEVEL_2M,
        maxTables);
  }

  TdMachine(
      TrustDomainOptions options, int vcpus, GfnRange range, PageLevel backing, int maxTables) {
    memory = range;
    vm =
        VirtualMachine.builder()
            .maxTables(maxTables)
            .trustDomain(options.withHostPages(1 << 20))
            .build();
    vm.addSlot(memory, backing);
    vm.trustDomain().convertToPrivate(memory);
    for (int i = 0; i < vcpus; i++) {
      this.vcpus.add((TrustDomainVcpu) vm.newVcpu());
    }
    vm.trustDomain().finalizeBuild();
  }

  static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  TrustDomainHost host() {
    return vm.trustDomain();
  }

  TrustDomainVcpu vcpu() {
    return vcpus.get(0);
  }

  /** Accepts as a guest does: again while the entry is busy. Returns the status. */
  static long accept(TrustDomainVcpu vcpu, long gfn, PageLevel level) {
    long status;
    do {
      status = vcpu.accept(gpa(gfn), level);
    } while (SeamcallStatus.detail(status) == SeamcallStatus.OPERAND_BUSY
        && status != TrustDomainVcpu.NOT_COMPLETED);
    return status;
  }

  void acceptWhole(long gfn, PageLevel level) {
    long status = accept(vcpu(), gfn, level);
    assertEquals(SeamcallStatus.SUCCESS, status, () -> SeamcallStatus.describe(status));
  }

  /** A call behind the host's back. */
  void behindItsBack(TdxLeaf leaf, long gfn, int level) {
    SeamcallRegisters call = new SeamcallRegisters();
    long status = host().module().seamcall(call, leaf, level - 1, gpa(gfn), host().td(), 0);
    assertEquals(SeamcallStatus.SUCCESS, status, () -> SeamcallStatus.describe(status));
  }

  String mapped() {
    return vm.mapped(PageLevel.LEVEL_4K) + " of 4K, " + vm.mapped(PageLevel.LEVEL_2M) + " of 2M";
  }

  /** The rules that the audit finds broken, each once. */
  List<AuditRule> broken() {
    return vm.audit().stream().map(Violation::rule).distinct().toList();
  }

  void assertSound() {
    assertEquals(List.of(), vm.audit());
  }

  /** Nothing of it is left: no page in the module, no table. */
  void closeAndCheckAllIsGivenBack() {
    vm.close();
    assertEquals(List.of(), host().module().audit());
    assertEquals(List.of(), host().module().tds());
    vm.mmu().tables().reclaim();
    assertEquals(0, vm.mmu().tables().live());
    assertEquals(0, vm.mmu().tables().waiting());
  }
}
