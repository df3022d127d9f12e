package dev.septum.jcstress.td;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.FaultResult;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArenaFullException;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxLeaf;
import dev.septum.trace.MmuCounter;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import java.util.Objects;

/**
 * A trust domain that runs, on the smallest tree there is, 2 levels of 1 bit: the higher bit of a
 * gfn is the shared bit, so there are two canonical gfns, in one block. Private or shared, it is
 * mapped by one leaf of 2M in the root, or by a table of two of 4K.
 *
 * <p>All of it is private at first, and backed by one page of 2M. There are two vCPUs, and a walker
 * for each actor.
 */
final class TinyVm {
  /** All memory. */
  static final GfnRange BLOCK = GfnRange.ofPages(0, 2);

  /** Its first page. */
  static final GfnRange FIRST_PAGE = GfnRange.ofPages(0, 1);

  /** Its second page. */
  static final GfnRange SECOND_PAGE = GfnRange.ofPages(1, 1);

  /** The least number of tables: a table that comes back is the only one to be had. */
  static final int ROOTS_AND_ONE_TABLE = 3;

  private static final int TABLES = 16;
  private static final int MOST_COUNTED = 2;
  private static final String FULL = "FULL";
  private static final int LOOKS = 200;
  private static final int PREFIX = "TDX_".length();

  final VirtualMachine vm;
  final TdpMmu mmu;
  final TrustDomainHost host;
  final MemorySlot slot;
  private final GuestMemfd memfd;
  final Walker firstWalker;
  final Walker secondWalker;
  final TrustDomainVcpu first;
  final TrustDomainVcpu second;

  /** A TD of the default policy. */
  TinyVm() {
    this(AcceptPolicy.EXCLUSIVE);
  }

  TinyVm(AcceptPolicy policy) {
    this(policy, TABLES);
  }

  TinyVm(AcceptPolicy policy, int tables) {
    vm =
        VirtualMachine.builder()
            .geometry(new Geometry(2, 1))
            .maxTables(tables)
            .trustDomain(
                TrustDomainOptions.DEFAULT.withAcceptPolicy(policy).withHostPages(BLOCK.pages()))
            .build();
    mmu = vm.mmu();
    host = vm.trustDomain();
    slot = vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
    memfd = Objects.requireNonNull(slot.guestMemfd());
    firstWalker = mmu.newWalker();
    secondWalker = mmu.newWalker();
    first = (TrustDomainVcpu) vm.newVcpu();
    second = (TrustDomainVcpu) vm.newVcpu();
    host.convertToPrivate(BLOCK);
    host.finalizeBuild();
  }

  private static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  // What is there before the actors come. What fails throws.

  /** One page of 2M, which the guest has not accepted. */
  TinyVm pending() {
    return expect(VcpuExit.UNACCEPTED, first.access(gpa(0), Access.WRITE));
  }

  /** One page of 2M, which the guest has accepted. */
  TinyVm accepted() {
    return expect("SUCCESS", accept(first, 0, PageLevel.LEVEL_2M));
  }

  /** Two pages of 4K, which the guest has not accepted. */
  TinyVm pendingSmall() {
    return pending().expect(1, demote(firstWalker));
  }

  /** Two pages of 4K, which the guest has accepted: so it inhibits a large one. */
  TinyVm acceptedSmall() {
    return expect("SUCCESS", accept(first, 0, PageLevel.LEVEL_4K))
        .expect("SUCCESS", accept(first, 1, PageLevel.LEVEL_4K));
  }

  /** Two pages of 4K, of which the guest has accepted the first. */
  TinyVm acceptedHalf() {
    return expect("SUCCESS", accept(first, 0, PageLevel.LEVEL_4K))
        .expect(VcpuExit.UNACCEPTED, first.access(gpa(1), Access.WRITE));
  }

  /** A page that was written: the TLB of the first vCPU knows it. */
  TinyVm stored(long gfn, long value) {
    return expect(VcpuExit.NONE, store(first, gfn, value));
  }

  private <T> TinyVm expect(T expected, T was) {
    if (!was.equals(expected)) {
      throw new IllegalStateException(was + " is not " + expected);
    }
    return this;
  }

  // What the actors do.

  /** A fault of private memory that wants a level; whether it may split what is larger. */
  FaultResult fault(Walker walker, long gfn, int level, boolean splits) {
    return mmu.fault(walker, begin(gfn, Access.WRITE).asPrivate(splits).wanting(level));
  }

  /** Maps private memory that nobody has touched, as large as it may be. */
  FaultResult prefault(Walker walker, long gfn) {
    PageFault fault = begin(gfn, Access.WRITE).asPrivate(false).asPrefetch();
    return mmu.fault(walker, fault.wanting(PageLevel.PG_2M));
  }

  private PageFault begin(long gfn, Access access) {
    PageFault fault = new PageFault().begin(gfn, access.bit(), mmu.invalidationSequence());
    memfd.allocate(gfn);
    return fault.backedBy(slot.pfnOf(gfn), true, PageLevel.PG_2M).limitedBy(slot.limits());
  }

  /**
   * A fault of a small private page, which splits what is larger; what became of it, or FULL if the
   * table for that was not to be had.
   */
  Object split(Walker walker, long gfn) {
    try {
      return fault(walker, gfn, PageLevel.PG_4K, true);
    } catch (TableArenaFullException full) {
      return FULL;
    }
  }

  /** The host splits the block with faults kept out. */
  int demote(Walker walker) {
    return (int) mmu.splitMirror(walker, BLOCK, PageLevel.PG_4K);
  }

  /** The host makes one leaf of the block, if it may. */
  int promote() {
    return (int) host.promote(BLOCK, PageLevel.LEVEL_2M);
  }

  /**
   * A guest accepts, again if the host is at the entry; its status in words, or its exit, or FULL
   * if a table for its fault was not to be had.
   */
  String accept(TrustDomainVcpu vcpu, long gfn, PageLevel level) {
    long status;
    try {
      do {
        status = vcpu.accept(gpa(gfn), level);
      } while (SeamcallStatus.detail(status) == SeamcallStatus.OPERAND_BUSY);
    } catch (TableArenaFullException full) {
      return FULL;
    }
    if (status == TrustDomainVcpu.NOT_COMPLETED) {
      return vcpu.exit().toString();
    }
    return status == SeamcallStatus.SUCCESS
        ? "SUCCESS"
        : SeamcallStatus.describe(status).substring(PREFIX).replace('|', ' ');
  }

  /** A guest reads a page's content; that, or its exit. */
  Object load(TrustDomainVcpu vcpu, long gfn) {
    long content = vcpu.load(gpa(gfn));
    return vcpu.exit() == VcpuExit.NONE ? content : vcpu.exit();
  }

  /** A guest writes a page's content. */
  VcpuExit store(TrustDomainVcpu vcpu, long gfn, long value) {
    return vcpu.store(gpa(gfn), value);
  }

  // What is left.

  /** What is in the frame of a gfn. */
  long content(long gfn) {
    return host.content().readAcquire(slot.pfnOf(gfn));
  }

  /** The level of the private leaf of a gfn; 0 if none, -1 while it is being changed. */
  int levelOf(Walker walker, long gfn) {
    walker.section().open();
    long entry = mmu.walkMirror(walker, gfn);
    walker.section().close();
    if (Spte.isFrozen(entry)) {
      return -1;
    }
    return Spte.isPresent(entry) ? walker.level() : 0;
  }

  /** Leaves counted, as a number to read: 4K ones, and 10 for each of 2M. */
  int leaves() {
    return (int) (vm.mapped(PageLevel.LEVEL_4K) + 10 * vm.mapped(PageLevel.LEVEL_2M));
  }

  /** Leaves split, by whatever. */
  int splits() {
    return (int) mmu.counters().sum(MmuCounter.SPLITS);
  }

  /** Whether the guest inhibits a large page, without a lock. */
  boolean isInhibited() {
    return slot.limits().isInhibited(0, PageLevel.PG_2M);
  }

  /** How often the module was called. */
  int calls(TdxLeaf leaf) {
    return (int) host.seamcalls().calls(leaf);
  }

  /** How often the module did what it was called for. */
  int done(TdxLeaf leaf) {
    return (int) host.seamcalls().successes(leaf);
  }

  /** Whether some change lost a race or found the module busy, 1 or 0. */
  int raced() {
    long lost = mmu.counters().sum(MmuCounter.RACES_LOST);
    return lost + mmu.counters().sum(MmuCounter.EXTERNAL_BUSY) > 0 ? 1 : 0;
  }

  /** Whether a fault was told to look again, 1 or 0. */
  int retried() {
    return mmu.counters().sum(MmuCounter.FAULTS_RETRY) > 0 ? 1 : 0;
  }

  /** Faults that found their page mapped or were told to look again; 2 says that or more. */
  int faultsAgain() {
    long again = mmu.counters().sum(MmuCounter.FAULTS_SPURIOUS);
    return (int) Math.min(again + mmu.counters().sum(MmuCounter.FAULTS_RETRY), MOST_COUNTED);
  }

  /** Whether a fault found its page mapped, or was told to look again, 1 or 0. */
  int faulted() {
    return mmu.counters().sum(MmuCounter.FAULTS_SPURIOUS) > 0 ? 1 : retried();
  }

  /** Whether the first vCPU is seen in the guest, by somebody who looks for a while. */
  boolean isFirstSeenInside() {
    boolean seen = false;
    for (int look = 0; look < LOOKS; look++) {
      seen |= host.td().vcpus().get(0).isInside();
    }
    return seen;
  }

  /** Violations found by the audit. */
  int violations() {
    return vm.audit().size();
  }
}
