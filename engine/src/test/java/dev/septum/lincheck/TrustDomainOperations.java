package dev.septum.lincheck;

import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * A trust domain of one block of two private pages, with a vCPU and a walker for each thread; as
 * {@link TrustDomainSpecification} begins: one leaf of 2M, PENDING.
 *
 * <p>Not asked, because no order of whole operations explains every answer: how many leaves a
 * demote has split, and an ACCEPT of 2M. An ACCEPT of 4K that the host has to split for is two
 * steps, and another vCPU may see the first alone: then accept the page itself.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "gfn", gen = IntGen.class, conf = "0:1")
public class TrustDomainOperations {
  private static final GfnRange BLOCK = GfnRange.ofPages(0, TreeSpecification.BLOCK);

  /** Lincheck counts its two from 1; thread 0 is who begins and ends. */
  private static final int THREADS = 3;

  private static final int TABLES = 16;

  private final VirtualMachine vm;
  private final Walker[] walkers = new Walker[THREADS];
  private final TrustDomainVcpu[] vcpus = new TrustDomainVcpu[THREADS];

  /** A TD of the default policy. */
  public TrustDomainOperations() {
    vm =
        VirtualMachine.builder()
            .geometry(new Geometry(2, 1))
            .maxTables(TABLES)
            .trustDomain(TrustDomainOptions.DEFAULT.withHostPages(BLOCK.pages()))
            .build();
    vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
    for (int thread = 0; thread < THREADS; thread++) {
      walkers[thread] = vm.mmu().newWalker();
      vcpus[thread] = (TrustDomainVcpu) vm.newVcpu();
    }
    vm.trustDomain().convertToPrivate(BLOCK);
    vm.trustDomain().finalizeBuild();
    if (touch(0, 0)) {
      throw new IllegalStateException("accepted already");
    }
  }

  private static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  /** TDG.MEM.PAGE.ACCEPT of 4K, again while the host is at the entry. */
  @Operation
  public String accept(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    long status;
    do {
      status = vcpus[thread].accept(gpa(gfn), PageLevel.LEVEL_4K);
    } while (SeamcallStatus.detail(status) == SeamcallStatus.OPERAND_BUSY);
    if (status == SeamcallStatus.SUCCESS) {
      return TrustDomainSpecification.SUCCESS;
    }
    return SeamcallStatus.detail(status) == SeamcallStatus.PAGE_ALREADY_ACCEPTED
        ? TrustDomainSpecification.refused(SeamcallStatus.operand(status) + 1)
        : "status " + SeamcallStatus.describe(status);
  }

  /** A store by the guest. */
  @Operation
  public boolean touch(@Param(name = "thread") int thread, @Param(name = "gfn") int gfn) {
    return vcpus[thread].access(gpa(gfn), Access.WRITE) == VcpuExit.NONE;
  }

  /** The host splits the block, with faults kept out. */
  @Operation
  public void demote(@Param(name = "thread") int thread) {
    long unused = vm.mmu().splitMirror(walkers[thread], BLOCK, PageLevel.PG_4K);
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
    Walker walker = walkers[thread];
    walker.section().open();
    long entry = vm.mmu().walkMirror(walker, 0);
    int level = walker.level();
    walker.section().close();
    return Spte.isLeaf(entry, level)
        ? TrustDomainSpecification.block(level, touch(thread, 0), touch(thread, 1))
        : "no leaf";
  }

  /** When all is done. */
  @Validate
  public void audit() {
    if (!vm.audit().isEmpty()) {
      throw new IllegalStateException(vm.audit().toString());
    }
  }
}
