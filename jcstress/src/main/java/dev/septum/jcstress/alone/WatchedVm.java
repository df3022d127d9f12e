package dev.septum.jcstress.alone;

import dev.septum.jcstress.alone.Turns.Turn;
import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.vm.VirtualMachine;

/** A normal VM with a watched lock. */
final class WatchedVm extends WatchedMachine {
  private static final Turns TURNS = new Turns(Tree.DIRECT);

  /** With whatever operation has its turn. */
  WatchedVm(Operation alone) {
    this(alone, TURNS.next(), new BiasedMmuLock());
  }

  WatchedVm(Operation alone, Turn other, MmuLock behind) {
    super(
        alone,
        other.operation(),
        new WatchedLock(behind, other.stays()),
        VirtualMachine.builder().maxTables(tables(other.operation(), 1)));
    prepare();
  }

  @Override
  WatchedMachine another() {
    return new WatchedVm(alone, new Turn(other, false), new BiasedMmuLock());
  }

  @Override
  void map(Walker walker, long gfn) {
    fault(walker, () -> fault(gfn, PageLevel.PG_2M));
  }

  @Override
  void split(Walker walker, GfnRange range) {
    mmu.split(walker, range, PageLevel.PG_4K, true);
  }

  @Override
  void merge(GfnRange range) {
    vm.merge(range, PageLevel.LEVEL_2M);
  }

  @Override
  void run(Walker walker, Operation operation, MemorySlot doomed) {
    switch (operation) {
      case FAULT_4K -> fault(walker, () -> fault(FIRST.start(), PageLevel.PG_4K));
      case FAULT_2M -> fault(walker, () -> fault(SECOND.start(), PageLevel.PG_2M));
      case SPLIT_SHARED -> mmu.split(walker, MAIN, PageLevel.PG_4K, false);
      case SPLIT_EXCLUSIVE -> split(walker, MAIN);
      case MERGE -> mmu.merge(walker, MAIN, PageLevel.PG_2M, vm.slots());
      case ZAP -> mmu.zap(walker, MAIN);
      case SLOT_DELETE -> vm.deleteSlot(doomed);
      case PREFAULT -> vm.prefault(THIRD);
      case TABLE_REUSE -> fault(walker, () -> fault(THIRD.start(), PageLevel.PG_4K));
      default -> throw new IllegalArgumentException(operation.toString());
    }
  }
}
