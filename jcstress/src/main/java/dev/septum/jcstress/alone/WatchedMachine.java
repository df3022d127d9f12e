package dev.septum.jcstress.alone;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.trace.MmuCounter;
import dev.septum.vm.VirtualMachine;

/**
 * A machine with a watched lock, and something to do for every operation: four blocks of eight
 * pages, of which the first is mapped by one large leaf, the second by a full table, the third not
 * at all; the last is a slot of its own, mapped by a large leaf.
 *
 * <p>Where a table is to be used again, the first two are mapped by full tables, the last by a leaf
 * that was a table before, and there is no other table.
 */
abstract class WatchedMachine {
  static final Geometry GEOMETRY = new Geometry(2, 3);
  static final long PAGES = 8;
  static final GfnRange FIRST = GfnRange.ofPages(0, PAGES);
  static final GfnRange SECOND = GfnRange.ofPages(PAGES, PAGES);
  static final GfnRange THIRD = GfnRange.ofPages(2 * PAGES, PAGES);
  static final GfnRange LAST = GfnRange.ofPages(3 * PAGES, PAGES);
  static final GfnRange MAIN = GfnRange.ofPages(0, 3 * PAGES);

  /** Has its head in the first block, its tail in the second. */
  static final GfnRange MIDDLE = GfnRange.ofPages(PAGES / 2, PAGES);

  private static final int PLENTY = 16;
  private static final int IN_USE = 3;

  final WatchedLock lock;
  final VirtualMachine vm;
  final TdpMmu mmu;
  final MemorySlot main;
  final MemorySlot spare;

  /** What holds the lock alone. */
  private final Operation alone;

  /** What comes against it. */
  private final Operation other;

  private final Walker first;
  private final Walker second;

  WatchedMachine(Operation alone, Operation other, WatchedLock lock, VirtualMachine.Builder kind) {
    this.alone = alone;
    this.other = other;
    this.lock = lock;
    vm = kind.geometry(GEOMETRY).lock(lock).build();
    mmu = vm.mmu();
    main = vm.addSlot(MAIN, PageLevel.LEVEL_2M);
    spare = vm.addSlot(LAST, PageLevel.LEVEL_2M);
    first = mmu.newWalker();
    second = mmu.newWalker();
  }

  /** The most tables there are, in a machine with so many roots. */
  static int tables(Operation other, int roots) {
    return other == Operation.TABLE_REUSE ? roots + IN_USE : PLENTY;
  }

  /** Maps what is mapped before. */
  final void prepare() {
    map(first, FIRST.start());
    map(first, SECOND.start());
    map(first, LAST.start());
    split(first, SECOND);
    if (other == Operation.TABLE_REUSE) {
      split(first, FIRST);
      split(first, LAST);
      merge(LAST);
    }
  }

  /** Maps a block by a large leaf. */
  abstract void map(Walker walker, long gfn);

  /** Splits alone. */
  abstract void split(Walker walker, GfnRange range);

  /** Makes a leaf of a full table. */
  abstract void merge(GfnRange range);

  /**
   * Does an operation.
   *
   * @param doomed the slot to delete, if it is that
   */
  abstract void run(Walker walker, Operation operation, MemorySlot doomed);

  final MemorySlot slotOf(long gfn) {
    return MAIN.contains(gfn) ? main : spare;
  }

  /** A fault as it was looked up; maps a page of a level if nothing is mapped there. */
  final PageFault fault(long gfn, int level) {
    return new PageFault()
        .begin(gfn, Access.READ.bit(), mmu.invalidationSequence())
        .backedBy(slotOf(gfn).pfnOf(gfn), true, PageLevel.PG_2M)
        .wanting(level);
  }

  /** Does what holds the lock alone. */
  final void runAlone() {
    run(first, alone, spare);
  }

  /** Does what comes against it. */
  final void runOther() {
    run(second, other, alone == Operation.SLOT_DELETE ? main : spare);
  }

  /** The name of what came against it. */
  final String other() {
    return other.name();
  }

  /** Whether one of the two had to wait, 1 or 0. */
  final int met() {
    return lock.haveMet() ? 1 : 0;
  }

  /** Violations found by the audit, and races lost: none, if one came after the other. */
  final int violations() {
    return vm.audit().size() + (int) mmu.counters().sum(MmuCounter.RACES_LOST);
  }
}
