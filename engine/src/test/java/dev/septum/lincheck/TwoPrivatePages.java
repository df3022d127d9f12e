package dev.septum.lincheck;

import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;

/**
 * A trust domain of one block of two private pages, with a vCPU and a walker for each thread. Its
 * guest has accepted the first page, and touched the second.
 */
final class TwoPrivatePages {
  static final int FIRST = 0;
  static final int SECOND = 1;
  static final GfnRange BLOCK = GfnRange.ofPages(FIRST, TreeSpecification.BLOCK);

  /** Lincheck counts its two from 1; thread 0 is who begins and ends. */
  private static final int THREADS = 3;

  private static final int TABLES = 16;

  final VirtualMachine vm;
  private final Walker[] walkers = new Walker[THREADS];
  private final TrustDomainVcpu[] vcpus = new TrustDomainVcpu[THREADS];

  TwoPrivatePages(AcceptPolicy policy) {
    vm =
        VirtualMachine.builder()
            .geometry(new Geometry(2, 1))
            .maxTables(TABLES)
            .trustDomain(
                TrustDomainOptions.DEFAULT.withAcceptPolicy(policy).withHostPages(BLOCK.pages()))
            .build();
    vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
    for (int thread = 0; thread < THREADS; thread++) {
      walkers[thread] = vm.mmu().newWalker();
      vcpus[thread] = (TrustDomainVcpu) vm.newVcpu();
    }
    vm.trustDomain().convertToPrivate(BLOCK);
    vm.trustDomain().finalizeBuild();
    if (accept(0, FIRST, PageLevel.LEVEL_4K) != SeamcallStatus.SUCCESS || touch(0, SECOND)) {
      throw new IllegalStateException("not half accepted");
    }
  }

  private static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  /** TDG.MEM.PAGE.ACCEPT, again while the host is at the entry. Returns the status. */
  long accept(int thread, int gfn, PageLevel level) {
    long status;
    do {
      status = vcpus[thread].accept(gpa(gfn), level);
    } while (SeamcallStatus.detail(status) == SeamcallStatus.OPERAND_BUSY);
    return status;
  }

  /** A write by the guest; whether it could be made. */
  boolean touch(int thread, int gfn) {
    return vcpus[thread].access(gpa(gfn), Access.WRITE) == VcpuExit.NONE;
  }

  /** The host splits the block, with faults kept out. Returns how many leaves. */
  int demote(int thread) {
    return (int) vm.mmu().splitMirror(walkers[thread], BLOCK, PageLevel.PG_4K);
  }

  /** The host makes one leaf of the block, if it may. Returns how many tables became one. */
  int promote() {
    return (int) vm.trustDomain().promote(BLOCK, PageLevel.LEVEL_2M);
  }

  /** Whether the host's one look at the first page's entry finds nobody at it. */
  boolean isAtRest() {
    long status =
        vm.trustDomain()
            .module()
            .seamcall(
                new SeamcallRegisters(),
                TdxLeaf.MEM_SEPT_RD,
                0,
                gpa(FIRST),
                vm.trustDomain().td(),
                0);
    return SeamcallStatus.detail(status) != SeamcallStatus.OPERAND_BUSY;
  }

  /** The level of what maps the first page; 0 if nothing does, or while that is being changed. */
  int level(int thread) {
    Walker walker = walkers[thread];
    walker.section().open();
    long entry = vm.mmu().walkMirror(walker, FIRST);
    walker.section().close();
    return Spte.isLeaf(entry, walker.level()) ? walker.level() : 0;
  }

  void audit() {
    if (!vm.audit().isEmpty()) {
      throw new IllegalStateException(vm.audit().toString());
    }
  }
}
