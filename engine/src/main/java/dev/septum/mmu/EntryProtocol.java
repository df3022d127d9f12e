package dev.septum.mmu;

import dev.septum.paging.Geometry;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;
import dev.septum.trace.MmuCounter;

/*
 * THE PROTOCOL
 *
 * What an entry may become, by which method, under which lock, and how it is written:
 *
 *   from    to                     method                  lock       written by
 *   empty   leaf                   install                 shared     CAS
 *   leaf    leaf, same frame       install                 shared     CAS
 *   leaf    the same with A or D   (HardwareWalk)          none       CAS
 *   empty   table                  link                    shared     CAS
 *   leaf    table (a split)        link                    shared     CAS
 *   table   leaf (a merge)         collapse                shared     CAS
 *   leaf    empty                  clear; clearLeaves      exclusive  release; plain
 *   table   empty                  unlinkEmpty; detachAll  exclusive  release; exchange
 *   any     FROZEN, once its table is unlinked: detach, in its caller's mode, by exchange
 *
 * "shared" means under the shared or the exclusive lock. Hardware sets A and D by CAS at any time,
 * without a lock; so every change under the shared lock is a CAS, and that is its linearization point.
 * Under the exclusive lock nobody else installs or removes, so a removal is a store; the release of the
 * lock publishes what was stored plainly, and an A or D lost with a leaf is owed to nobody.
 *
 * Publication. A table is filled with plain stores while nobody can reach it; the CAS that links it
 * releases them; every walk acquires.
 *
 * A dead table. Once the CAS has unlinked a table, threads that reached it before, or that remember it
 * (EntryPlace) and come back, may read and CAS in it until each entry has been exchanged for FROZEN. So
 * an A or D set there is seen from the root only once it is handed on, which is before the operation
 * that unlinked the table returns. Each of its entries is exchanged for FROZEN; where that was a table, it is detached in turn.
 * From then on every CAS in it fails, and whoever sees FROZEN starts again at the root, where the
 * table is gone. What the exchange returns is what the entry was at the end: a leaf that a late fault
 * installed is counted out, an A or D that a late walk set is handed on to the leaf that took the
 * table's place. The table may be used again after a grace period.
 *
 * Counters change after the change of the entry has succeeded, by the thread that made it.
 */

/**
 * Every way in which an entry of a live tree changes. See the essay at the top of the file.
 *
 * <p>All methods want the MMU lock in the mode they name, and an open read section. They are
 * lock-free below that lock.
 */
final class EntryProtocol {
  private final TableArena arena;
  private final Geometry geometry;
  private final HardwareWalk hardware;

  EntryProtocol(TableArena arena, HardwareWalk hardware) {
    this.arena = arena;
    this.geometry = arena.geometry();
    this.hardware = hardware;
  }

  /**
   * Puts a leaf in the place of an empty entry or of a leaf of the same frame. Shared.
   *
   * @return the witness: {@code old} if it is done
   */
  long install(Walker walker, int table, int index, int level, long old, long leaf) {
    long witness = arena.casEntry(table, index, old, leaf);
    if (witness != old) {
      walker.counters.increment(MmuCounter.RACES_LOST);
    } else if (!Spte.isPresent(old)) {
      walker.counters.increment(MmuCounter.mapped(level));
    }
    return witness;
  }

  /**
   * Puts a filled, unreachable table in the place of an empty entry, or of the huge leaf whose
   * translations it repeats. Shared.
   *
   * @return the witness: {@code old} if it is done
   */
  long link(Walker walker, int table, int index, int level, long old, int child) {
    long witness = arena.casEntry(table, index, old, Spte.makeTable(child));
    if (witness != old) {
      walker.counters.increment(MmuCounter.RACES_LOST);
      return witness;
    }
    walker.tables.linked();
    if (Spte.isPresent(old)) {
      walker.counters.add(MmuCounter.mapped(level), -1);
      walker.counters.add(MmuCounter.mapped(level - 1), geometry.entries());
      walker.counters.increment(MmuCounter.SPLITS);
    }
    return witness;
  }

  /**
   * Puts a huge leaf in the place of a table, which is dead from then on. Shared. The caller
   * flushes the range before it leaves the lock or the read section.
   *
   * @param gfn the first gfn under the entry
   * @param keepFlags whether an A or D that is set in the table late must be found in the leaf
   * @return the witness: {@code old} if it is done
   */
  long collapse(
      Walker walker,
      Root root,
      int table,
      int index,
      int level,
      long gfn,
      long old,
      long leaf,
      boolean keepFlags) {
    long witness = arena.casEntry(table, index, old, leaf);
    if (witness != old) {
      walker.counters.increment(MmuCounter.RACES_LOST);
      return witness;
    }
    walker.counters.increment(MmuCounter.mapped(level));
    walker.counters.increment(MmuCounter.MERGES);
    long known = keepFlags ? Spte.accessedDirty(leaf) : Spte.ACCESSED | Spte.DIRTY;
    detach(walker, root, Spte.table(old), level - 1, gfn, known);
    return witness;
  }

  /** Removes a leaf. Exclusive. The caller flushes what it covered before it leaves the lock. */
  void clear(Walker walker, int table, int index, int level) {
    arena.storeEntryRelease(table, index, Spte.EMPTY);
    walker.counters.add(MmuCounter.mapped(level), -1);
    walker.counters.increment(MmuCounter.ZAPS);
  }

  /**
   * Removes the 4K leaves of a part of a table. Exclusive; otherwise as {@link #clear}.
   *
   * @return how many leaves were removed
   */
  int clearLeaves(Walker walker, int table, int from, int to) {
    int removed = arena.clearLeavesPlain(table, from, to);
    walker.counters.add(MmuCounter.MAPPED_4K, -removed);
    walker.counters.add(MmuCounter.ZAPS, removed);
    return removed;
  }

  /**
   * Removes a table in which nothing is mapped. Exclusive. The caller flushes the range before it
   * leaves the lock, for those who have cached a pointer to the table.
   *
   * @return whether it was empty, and is gone
   */
  boolean unlinkEmpty(Walker walker, Root root, int table, int index, int level, long gfn) {
    int child = Spte.table(arena.entryAcquire(table, index));
    if (!arena.isClearPlain(child)) {
      return false;
    }
    arena.storeEntryRelease(table, index, Spte.EMPTY);
    detach(walker, root, child, level - 1, gfn, Spte.ACCESSED | Spte.DIRTY);
    return true;
  }

  /**
   * Kills a table that this thread has unlinked, and all tables below it.
   *
   * @param level the level of its entries
   * @param gfn the first gfn under it
   * @param known the A and D flags that the leaf in its place has already
   */
  private void detach(Walker walker, Root root, int table, int level, long gfn, long known) {
    long[] entries = walker.entries(level);
    arena.exchangeAll(table, Spte.FROZEN, entries);
    int leaves = 0;
    for (int index = 0; index < entries.length; index++) {
      long last = entries[index];
      long at = gfn + index * geometry.pages(level);
      if (Spte.isTable(last, level)) {
        detach(walker, root, Spte.table(last), level - 1, at, known);
      } else if (Spte.isPresent(last)) {
        leaves++;
        long late = Spte.accessedDirty(last) & ~known;
        if (late != 0) {
          hardware.setFlags(walker, root, at, late);
        }
      }
    }
    if (leaves > 0) {
      walker.counters.add(MmuCounter.mapped(level), -leaves);
    }
    walker.counters.increment(MmuCounter.TABLES_FREED);
    walker.tables.unlinked(table);
  }

  /**
   * Removes everything below a root and gives the root's own table back. Its entries are left
   * empty, not frozen, so a late walk ends there; nobody can install, because the machine is
   * closed. Exclusive; nothing is flushed.
   */
  void detachAll(Walker walker, Root root) {
    int level = geometry.levels();
    long known = Spte.ACCESSED | Spte.DIRTY;
    for (int index = 0; index < geometry.entries(); index++) {
      long last = arena.exchangeEntry(root.table(), index, Spte.EMPTY);
      if (Spte.isTable(last, level)) {
        detach(walker, root, Spte.table(last), level - 1, index * geometry.pages(level), known);
      } else if (Spte.isPresent(last)) {
        walker.counters.add(MmuCounter.mapped(level), -1);
      }
    }
    walker.tables.unlinked(root.table());
  }
}
