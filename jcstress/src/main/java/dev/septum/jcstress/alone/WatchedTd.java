package dev.septum.jcstress.alone;

import dev.septum.jcstress.alone.Turns.Turn;
import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.td.AcceptPolicy;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.VirtualMachine;
import java.util.Objects;

/** A trust domain with a watched lock. All memory is private, and nothing is accepted. */
final class WatchedTd extends WatchedMachine {
  private static final Turns TURNS = new Turns(Tree.MIRROR);
  private static final int ROOTS = 2;

  /** Splits by a fault want a module that splits without a block. */
  private static final TrustDomainOptions OPTIONS =
      TrustDomainOptions.DEFAULT
          .withAcceptPolicy(AcceptPolicy.SHARED)
          .withHostPages(MAIN.pages() + LAST.pages());

  private final TrustDomainHost host;

  /** With whatever operation has its turn. */
  WatchedTd(Operation alone) {
    this(alone, TURNS.next(), new BiasedMmuLock());
  }

  WatchedTd(Operation alone, Turn other, MmuLock behind) {
    super(
        alone,
        other.operation(),
        new WatchedLock(behind, other.stays()),
        VirtualMachine.builder().maxTables(tables(other.operation(), ROOTS)).trustDomain(OPTIONS));
    host = vm.trustDomain();
    vm.newVcpu();
    host.convertToPrivate(MAIN);
    host.convertToPrivate(LAST);
    host.finalizeBuild();
    prepare();
  }

  /** A fault on private memory; whether it may split what is larger. */
  private PageFault privateFault(long gfn, int level, boolean splits) {
    PageFault fault = fault(gfn, level);
    GuestMemfd memfd = Objects.requireNonNull(slotOf(gfn).guestMemfd());
    memfd.allocate(gfn);
    return fault.asPrivate(splits);
  }

  @Override
  WatchedMachine another() {
    return new WatchedTd(alone, new Turn(other, false), new BiasedMmuLock());
  }

  @Override
  void map(Walker walker, long gfn) {
    fault(walker, () -> privateFault(gfn, PageLevel.PG_2M, false));
  }

  @Override
  void split(Walker walker, GfnRange range) {
    mmu.splitMirror(walker, range, PageLevel.PG_4K);
  }

  @Override
  void merge(GfnRange range) {
    host.promote(range, PageLevel.LEVEL_2M);
  }

  @Override
  void run(Walker walker, Operation operation, MemorySlot doomed) {
    switch (operation) {
      case FAULT_4K, TABLE_REUSE ->
          fault(walker, () -> privateFault(THIRD.start(), PageLevel.PG_4K, false));
      case FAULT_2M -> map(walker, THIRD.start());
      case SPLIT_SHARED -> fault(walker, () -> privateFault(FIRST.start(), PageLevel.PG_4K, true));
      case SPLIT_EXCLUSIVE -> split(walker, MAIN);
      case PROMOTE -> merge(MAIN);
      case ZAP -> vm.zap(MIDDLE);
      case CONVERSION -> host.convertToShared(MIDDLE);
      case HOLE_PUNCH -> host.punchHole(MIDDLE);
      case SLOT_DELETE -> vm.deleteSlot(doomed);
      case PREFAULT -> vm.prefault(THIRD);
      default -> throw new IllegalArgumentException(operation.toString());
    }
  }
}
