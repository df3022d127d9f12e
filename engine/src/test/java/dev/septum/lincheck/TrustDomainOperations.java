package dev.septum.lincheck;

import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * A trust domain of one block of two private pages, with a vCPU and a walker for each thread; as
 * {@link TrustDomainSpecification} begins.
 *
 * <p>Its policy is IGNORE, and there is no ACCEPT that the host has to map or split for: that is
 * two steps, the host's and then the module's, and others may see the first alone.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class TrustDomainOperations {
  private static final GfnRange BLOCK = GfnRange.ofPages(0, TreeSpecification.BLOCK);

  /** Lincheck counts its two from 1; thread 0 is who begins and ends. */
  private static final int THREADS = 3;

  private static final int TABLES = 16;
  private static final int FIRST = 0;
  private static final int SECOND = 1;

  private final VirtualMachine vm;
  private final Walker[] walkers = new Walker[THREADS];
  private final TrustDomainVcpu[] vcpus = new TrustDomainVcpu[THREADS];

  /** A TD whose guest has accepted the first page, and touched the second. */
  public TrustDomainOperations() {
    vm =
        VirtualMachine.builder()
            .geometry(new Geometry(2, 1))
            .maxTables(TABLES)
            .trustDomain(
                TrustDomainOptions.DEFAULT
                    .withAcceptPolicy(AcceptPolicy.IGNORE)
                    .withHostPages(BLOCK.pages()))
            .build();
    vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
    for (int thread = 0; thread < THREADS; thread++) {
      walkers[thread] = vm.mmu().newWalker();
      vcpus[thread] = (TrustDomainVcpu) vm.newVcpu();
    }
    vm.trustDomain().convertToPrivate(BLOCK);
    vm.trustDomain().finalizeBuild();
    if (!accept(0, FIRST, PageLevel.LEVEL_4K).equals(TrustDomainSpecification.SUCCESS)
        || touch(0, SECOND)) {
      throw new IllegalStateException("not half accepted");
    }
  }

  private static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  /** TDG.MEM.PAGE.ACCEPT of the second page. */
  @Operation
  public String accept(@Param(name = "thread") int thread) {
    return accept(thread, SECOND, PageLevel.LEVEL_4K);
  }

  /** TDG.MEM.PAGE.ACCEPT of 2M. */
  @Operation
  public String acceptLarge(@Param(name = "thread") int thread) {
    return accept(thread, FIRST, PageLevel.LEVEL_2M);
  }

  /** Again while the host is at the entry. */
  private String accept(int thread, int gfn, PageLevel level) {
    long status;
    do {
      status = vcpus[thread].accept(gpa(gfn), level);
    } while (SeamcallStatus.detail(status) == SeamcallStatus.OPERAND_BUSY);
    if (status == SeamcallStatus.SUCCESS) {
      return TrustDomainSpecification.SUCCESS;
    }
    if (SeamcallStatus.detail(status) == SeamcallStatus.PAGE_SIZE_MISMATCH) {
      return TrustDomainSpecification.TOO_LARGE;
    }
    return SeamcallStatus.detail(status) == SeamcallStatus.PAGE_ALREADY_ACCEPTED
        ? TrustDomainSpecification.refused(SeamcallStatus.operand(status) + 1)
        : "status " + SeamcallStatus.describe(status);
  }

  /** A write of the second page by the guest. */
  @Operation
  public boolean touch(@Param(name = "thread") int thread) {
    return touch(thread, SECOND);
  }

  private boolean touch(int thread, int gfn) {
    return vcpus[thread].access(gpa(gfn), Access.WRITE) == VcpuExit.NONE;
  }

  /** The host splits the block, with faults kept out. */
  @Operation
  public int demote(@Param(name = "thread") int thread) {
    return (int) vm.mmu().splitMirror(walkers[thread], BLOCK, PageLevel.PG_4K);
  }

  /** The host makes one leaf of the block, if it may. */
  @Operation
  public int promote(@Param(name = "thread") int thread) {
    return (int) vm.trustDomain().promote(BLOCK, PageLevel.LEVEL_2M);
  }

  /** What the pages are mapped by, when nothing runs. */
  public String look(int thread, int block) {
    if (block != 0) {
      return "";
    }
    int level = level(thread);
    return level > 0
        ? TrustDomainSpecification.block(level, touch(thread, FIRST), touch(thread, SECOND))
        : "no leaf";
  }

  /** The level of what maps the first page; 0 while that is being changed. */
  int level(int thread) {
    Walker walker = walkers[thread];
    walker.section().open();
    long entry = vm.mmu().walkMirror(walker, FIRST);
    walker.section().close();
    return Spte.isLeaf(entry, walker.level()) ? walker.level() : 0;
  }

  /** When all is done. */
  @Validate
  public void audit() {
    if (!vm.audit().isEmpty()) {
      throw new IllegalStateException(vm.audit().toString());
    }
  }
}
