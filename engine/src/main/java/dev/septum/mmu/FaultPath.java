package dev.septum.mmu;

import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;

/**
 * Maps the page of a fault, under the shared lock: walks down to the level it means to map at,
 * linking tables and splitting leaves on the way, and installs a leaf by CAS.
 *
 * <p>Who loses a race goes on with what the winner has put there. RETRY is for a page lookup to be
 * done again, a table that died under the walk, too few tables in the walker, and a fault that has
 * bugged the machine; in a mirror also for an entry that is being changed, and for what the
 * external page table refused. In a mirror a table is never replaced, and no write is fast.
 */
final class FaultPath {
  private final TableArena arena;
  private final Geometry geometry;
  private final EntryProtocol protocol;
  private final Split split;
  private final Merge merge;
  private final Invalidation invalidation;
  private final MachineHealth health;
  private final MmuOptions options;

  FaultPath(
      TableArena arena,
      EntryProtocol protocol,
      Split split,
      Merge merge,
      Invalidation invalidation,
      MachineHealth health,
      MmuOptions options) {
    this.arena = arena;
    this.geometry = arena.geometry();
    this.protocol = protocol;
    this.split = split;
    this.merge = merge;
    this.invalidation = invalidation;
    this.health = health;
    this.options = options;
  }

  /** Handles a fault, with its tables and tries, and counts it. */
  FaultResult handle(Walker walker, Root root, PageFault fault) {
    FaultResult result;
    int refused = Integer.MAX_VALUE;
    int wanted = geometry.levels() - 1;
    do {
      walker.tables.topUp(wanted);
      walker.hold.enter(false);
      try {
        result = map(walker, root, fault);
      } finally {
        walker.leave();
      }
      if (fault.tablesMissing() > 0) {
        refused = walker.tables.requireOrLookAgain(fault.tablesMissing(), refused);
      }
    } while (fault.tablesMissing() > 0);
    walker.counters.increment(result.counter());
    if (result == FaultResult.RETRY) {
      health.check();
    }
    return result;
  }

  /** One try, under the lock: the hold has been entered, shared. */
  private FaultResult map(Walker walker, Root root, PageFault fault) {
    fault.setTablesMissing(0); // the last try's are here now
    int goal = fault.largestAllowed(geometry);
    fault.check(geometry, goal);
    fault.setGoal(goal);
    long block = geometry.round(fault.gfn(), goal);
    if (invalidation.mustRetry(fault.sequence(), block, geometry.pages(goal))) {
      return FaultResult.RETRY;
    }
    fault.setTablesMissing(tablesMissing(walker, root, fault, goal));
    if (fault.tablesMissing() > 0) {
      return FaultResult.RETRY;
    }
    return descend(walker, root, fault, goal);
  }

  /**
   * How many tables the walker wants before the fault can be mapped; 0 if it has enough, if a
   * larger leaf settles it, and if somebody is changing the entry, so that it has to retry anyway.
   */
  private int tablesMissing(Walker walker, Root root, PageFault fault, int goal) {
    int available = walker.tables.available();
    if (available >= geometry.levels() - 1) {
      return 0;
    }
    long entry = HardwareWalk.walk(walker, root, fault.gfn());
    int level = walker.level();
    if (Spte.isFrozen(entry) || isSettledBy(root, fault, entry, level, goal)) {
      return 0;
    }
    int needed = level - goal;
    return available < needed ? needed : 0;
  }

  /** Whether a leaf stays as it is, though the fault may want a smaller page. */
  private static boolean isSettledBy(Root root, PageFault fault, long entry, int level, int goal) {
    if (!Spte.isPresent(entry)) {
      return false;
    }
    return root.isMirror()
        ? level > goal && !fault.splitsPrivate() // smaller than it is, it is mapped by other means
        : fault.isWrite() && Spte.isWritable(entry);
  }

  private FaultResult descend(Walker walker, Root root, PageFault fault, int firstGoal) {
    int goal = firstGoal;
    long entry = HardwareWalk.walk(walker, root, fault.gfn());
    int table = walker.place.table();
    int level = walker.place.level();
    if (level < goal) { // a table stands at the goal: what is to become of it is decided there
      table = root.table();
      level = geometry.levels();
      entry = arena.entryAcquire(table, root.index(geometry, fault.gfn(), level));
    }
    int index = root.index(geometry, fault.gfn(), level);
    for (; ; ) {
      if (Spte.isFrozen(entry)) {
        return FaultResult.RETRY;
      }
      if (Spte.isTable(entry, level)) {
        if (level == goal && !root.isMirror()) {
          if (isWritableBelow(walker, root, fault)) {
            return fast(fault, walker.level());
          }
          long now = mergeAtGoal(walker, root, fault, table, index, level, entry);
          if (fault.mappedLevel() != 0) {
            return FaultResult.FIXED;
          }
          if (now != entry) {
            entry = now;
            continue;
          }
        }
        if (level == goal) {
          goal--; // the table stays: map inside it
          if (root.isMirror()) {
            fault.setGoal(goal);
          }
        }
        table = Spte.table(entry);
        level--;
        index = root.index(geometry, fault.gfn(), level);
        entry = arena.entryAcquire(table, index);
      } else if (isSettledBy(root, fault, entry, level, goal)) {
        return root.isMirror() ? spurious(fault, level) : fast(fault, level);
      } else if (level == goal) {
        long leaf = fault.leaf(geometry, level, entry, options.presetDirty());
        if (Spte.isPresent(entry)) {
          if (fault.isPrefetch() || Spte.allows(entry, fault.accessBits()) || leaf == entry) {
            return spurious(fault, level);
          }
          if (Spte.pfn(entry) != Spte.pfn(leaf)) {
            return bug(fault, level, entry, leaf);
          }
        }
        long witness =
            protocol.install(walker, root, table, index, level, fault.gfn(), entry, leaf);
        if (witness == entry) {
          if (level == PageLevel.PG_4K && !root.isMirror()) {
            walker.place.keepAdjacent(table, fault.gfn() | root.gfnBits());
          }
          return fixed(fault, level);
        }
        entry = witness;
      } else if (walker.tables.available() == 0) {
        return FaultResult.RETRY; // a merge has taken a table away since they were counted
      } else if (Spte.isPresent(entry)) {
        entry = split.splitLeaf(walker, root, table, index, level, fault.gfn(), entry);
      } else {
        entry = linkEmpty(walker, root, table, index, level, fault.gfn(), entry);
      }
    }
  }

  /** Links an empty table; returns the entry as it is afterwards, whoever has written it. */
  private long linkEmpty(
      Walker walker, Root root, int table, int index, int level, long gfn, long entry) {
    int child = walker.tables.take(level - 1, geometry.round(gfn, level));
    arena.clearPlain(child);
    long witness = protocol.link(walker, root, table, index, level, gfn, entry, child);
    if (witness == entry) {
      return Spte.makeTable(child);
    }
    walker.tables.putBack(child);
    return witness;
  }

  /**
   * A table stands where the fault means to map: replaces it, if it may be. By KVM's ways the new
   * leaf is the fault's, and settles it.
   *
   * @return the entry as it is afterwards; the same if the table stays
   */
  private long mergeAtGoal(
      Walker walker, Root root, PageFault fault, int table, int index, int level, long entry) {
    if (!options.collapseUnasked()) {
      return merge.mergeTable(walker, root, table, index, level, fault.gfn(), entry);
    }
    long leaf = fault.leaf(geometry, level, Spte.EMPTY, options.presetDirty());
    long now = merge.replace(walker, root, table, index, level, fault.gfn(), entry, leaf);
    if (now == leaf) {
      fault.setMapped(level);
    }
    return now;
  }

  /** A write whose page is writable already is settled without a look at the wanted level. */
  private boolean isWritableBelow(Walker walker, Root root, PageFault fault) {
    if (!fault.isWrite()) {
      return false;
    }
    long entry = HardwareWalk.walk(walker, root, fault.gfn());
    return isSettledBy(root, fault, entry, walker.level(), fault.goalLevel());
  }

  private static FaultResult fast(PageFault fault, int level) {
    fault.setFast();
    fault.setMapped(level);
    return FaultResult.SPURIOUS;
  }

  private static FaultResult spurious(PageFault fault, int level) {
    fault.setMapped(level);
    return FaultResult.SPURIOUS;
  }

  private static FaultResult fixed(PageFault fault, int level) {
    fault.setMapped(level);
    return FaultResult.FIXED;
  }

  private FaultResult bug(PageFault fault, int level, long entry, long leaf) {
    health.bug(
        String.format(
            "gfn 0x%x is mapped by '%s', a fault found '%s': a leaf changed its frame without a zap",
            fault.gfn(), Spte.describe(entry, level), Spte.describe(leaf, level)));
    return FaultResult.RETRY;
  }
}
