package dev.septum.mmu;

import dev.septum.paging.EntryPlace;
import dev.septum.paging.Geometry;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;
import dev.septum.trace.MmuCounter;

/**
 * What a vCPU's page walker does: translate, and set A and D by CAS.
 *
 * <p>Lock-free, inside a read section; no lock is wanted. A walk begins at a table that the walker
 * remembers, if it is on its way. If it meets FROZEN it stands in a dead table, and starts again at
 * the root, where another operation has succeeded meanwhile. (In a mirror an entry that is being
 * changed is FROZEN as well: there a walk that began at the root ends at it.) Until a table that
 * was unlinked is full of FROZEN, a walk may still end in it: it is over before the operation that
 * unlinked the table is. What relies on A or D there looks for the mark of a dead table afterwards,
 * and if it is set begins again at the root (the essay in {@link EntryProtocol}).
 */
final class HardwareWalk {
  private final TableArena arena;
  private final Geometry geometry;

  HardwareWalk(TableArena arena) {
    this.arena = arena;
    this.geometry = arena.geometry();
  }

  /**
   * Walks to the entry that decides about {@code gfn}: a leaf, or what is not present.
   *
   * @return the entry; FROZEN only in a mirror; where it stands is left in the walker
   */
  static long walk(Walker walker, Root root, long gfn) {
    EntryPlace place = walker.place;
    long entry = place.descendAcquire(root.table(), gfn | root.gfnBits());
    return Spte.isFrozen(entry) ? walkAgain(place, root, gfn) : entry;
  }

  private static long walkAgain(EntryPlace place, Root root, long gfn) {
    for (; ; ) {
      place.forget();
      long entry = place.descendAcquire(root.table(), gfn | root.gfnBits());
      if (!Spte.isFrozen(entry) || root.isMirror()) {
        return entry;
      }
    }
  }

  /**
   * Walks for an access: sets A, and D for a write, in the leaf that allows it.
   *
   * @return the leaf as it is now, or {@link Spte#EMPTY} if none allows the access (an EPT
   *     violation)
   */
  long access(Walker walker, Root root, long gfn, int accessBits) {
    return mark(walker, root, gfn, accessBits, Spte.flagsSetBy(accessBits));
  }

  /** Sets A or D in whatever leaf maps {@code gfn}; nothing is owed if none does. */
  void setFlags(Walker walker, Root root, long gfn, long flags) {
    mark(walker, root, gfn, 0, flags);
  }

  private long mark(Walker walker, Root root, long gfn, int accessBits, long flags) {
    for (; ; ) {
      long entry = walk(walker, root, gfn);
      int level = walker.level();
      long now = markFound(walker, root, gfn, entry, accessBits, flags);
      if (Spte.isLeaf(now, level) && Spte.allows(now, accessBits)) {
        return now;
      }
      if (!Spte.isFrozen(now) && !Spte.isTable(now, level)) {
        return Spte.EMPTY;
      }
    }
  }

  /**
   * Sets A or D in the entry that the last walk has ended at, while it is a leaf that allows the
   * access.
   *
   * @return the entry as it is now; FROZEN if its table is dead, and what was set there may be lost
   */
  long markFound(Walker walker, Root root, long gfn, long found, int accessBits, long flags) {
    int table = walker.place.table();
    int level = walker.level();
    int index = root.index(geometry, gfn, level);
    long entry = found;
    while (Spte.isLeaf(entry, level) && Spte.allows(entry, accessBits)) {
      long marked = entry | flags;
      long witness = marked == entry ? entry : arena.casEntry(table, index, entry, marked);
      if (witness == entry) {
        if (arena.isDeadVolatile(table)) {
          walker.place.forget();
          return Spte.FROZEN; // as it will be
        }
        return marked;
      }
      walker.counters.increment(MmuCounter.RACES_LOST);
      entry = witness;
    }
    return entry;
  }
}
