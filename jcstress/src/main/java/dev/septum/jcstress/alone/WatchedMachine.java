package dev.septum.jcstress.alone;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Tree;
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
import dev.septum.sync.SpinWait;
import dev.septum.trace.MmuCounter;
import dev.septum.vm.VirtualMachine;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

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

  private static final GfnRange ALL = new GfnRange(MAIN.start(), LAST.end());
  private static final int BLOCKS = (int) (ALL.pages() / PAGES);

  /** What each order of two operations on a tree leaves, the one that is alone first or second. */
  private static final Map<List<Object>, List<List<String>>> ORDERS = new ConcurrentHashMap<>();

  private static final int PLENTY = 16;
  private static final int IN_USE = 3;

  final WatchedLock lock;
  final VirtualMachine vm;
  final TdpMmu mmu;
  final MemorySlot main;
  final MemorySlot spare;

  /** What holds the lock alone. */
  final Operation alone;

  /** What comes against it. */
  final Operation other;

  private final Tree tree;

  private final Walker first;
  private final Walker second;

  WatchedMachine(Operation alone, Operation other, WatchedLock lock, VirtualMachine.Builder kind) {
    this.alone = alone;
    this.other = other;
    this.lock = lock;
    vm = kind.geometry(GEOMETRY).lock(lock).build();
    tree = vm.isTrustDomain() ? Tree.MIRROR : Tree.DIRECT;
    lock.meeting.setMonitor(vm.slots());
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

  /** One that is as this one was at first. */
  abstract WatchedMachine another();

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

  /** Does what a fault does until it need not look its page up again. */
  final void fault(Walker walker, Supplier<PageFault> lookUp) {
    for (int tries = 0; mmu.fault(walker, lookUp.get()) == FaultResult.RETRY; tries++) {
      SpinWait.pause(tries);
    }
  }

  /** Does what holds the lock alone. */
  final void runAlone() {
    lock.meeting.runFirst(this::doAlone);
  }

  /** Does what comes against it. */
  final void runOther() {
    lock.meeting.runSecond(this::doOther);
  }

  private void doAlone() {
    run(first, alone, spare);
  }

  private void doOther() {
    run(second, other, alone == Operation.SLOT_DELETE ? main : spare);
  }

  /** The name of what came against it. */
  final String other() {
    return other.name();
  }

  /** Whether one of the two had to wait, 1 or 0. */
  final int met() {
    return lock.meeting.haveMet() ? 1 : 0;
  }

  /** Holds that overlapped, and one more if two came in turns that the slots' monitor parts. */
  final int overlaps() {
    boolean comeInTurns = lock.meeting.turns() > 2;
    boolean mayNot = alone.on(tree).isKeptApartBySlots(other.on(tree));
    return lock.overlaps() + (comeInTurns && mayNot ? 1 : 0);
  }

  /**
   * Violations found by the audit, races lost, and blocks that are left as by neither order of the
   * two: none of these, if one came after the other.
   */
  final int violations() {
    int lost = (int) mmu.counters().sum(MmuCounter.RACES_LOST);
    return vm.audit().size() + lost + strays();
  }

  /**
   * Blocks that are as neither order leaves them. Each by itself: a hold that yields lets the other
   * in between two.
   */
  private int strays() {
    List<List<String>> orders =
        ORDERS.computeIfAbsent(
            List.of(tree, alone, other), pair -> List.of(left(true), left(false)));
    List<String> blocks = blocks();
    int strays = 0;
    for (int block = 0; block < blocks.size(); block++) {
      String left = blocks.get(block);
      if (!left.equals(orders.get(0).get(block)) && !left.equals(orders.get(1).get(block))) {
        strays++;
      }
    }
    return strays;
  }

  /** What one thread leaves that does the two in some order. */
  private List<String> left(boolean aloneFirst) {
    WatchedMachine serial = another();
    if (aloneFirst) {
      serial.doAlone();
    }
    serial.doOther();
    if (!aloneFirst) {
      serial.doAlone();
    }
    return serial.blocks();
  }

  /** Of each block: the leaves; the slot, kind and backing of each page. */
  private List<String> blocks() {
    List<StringBuilder> blocks = Stream.generate(StringBuilder::new).limit(BLOCKS).toList();
    vm.forEachLeaf(
        ALL,
        (gfn, level, entry) ->
            blocks
                .get((int) (gfn / PAGES))
                .append(gfn)
                .append(" level ")
                .append(level)
                .append(" 0x")
                .append(Long.toHexString(entry))
                .append(", "));
    for (long gfn = 0; gfn < ALL.end(); gfn++) {
      StringBuilder block = blocks.get((int) (gfn / PAGES));
      MemorySlot slot = vm.slots().find(gfn);
      GuestMemfd memfd = slot == null ? null : slot.guestMemfd();
      block.append(slot == null ? " no slot" : " slot");
      if (memfd != null) {
        block.append(vm.trustDomain().isPrivate(gfn) ? " private " : " shared ");
        block.append(memfd.isAllocated(gfn)).append(memfd.level(gfn));
      }
    }
    return blocks.stream().map(StringBuilder::toString).toList();
  }
}
