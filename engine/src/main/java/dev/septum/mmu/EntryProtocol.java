package dev.septum.mmu;

import dev.septum.mmu.ExternalPageTable.Outcome;
import dev.septum.paging.EntryPlace;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;
import dev.septum.trace.MmuCounter;
import dev.septum.trace.MmuCounters;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/*
 * THE PROTOCOL
 *
 * What an entry may become, by which method, under which lock, and how it is written:
 *
 *   from    to                     method                  lock       written by
 *   empty   leaf                   install(Adjacent)       shared     CAS
 *   leaf    leaf, same frame       install                 shared     CAS
 *   leaf    the same with A or D   (HardwareWalk)          none       CAS
 *   empty   table                  link                    shared     CAS
 *   leaf    table (a split)        link                    shared     CAS
 *   table   leaf (a merge)         collapse, collapseFull  shared     CAS
 *   leaf    empty                  clear; clearLeaves      exclusive  release; plain
 *   table   empty                  unlinkEmpty; detachAll  exclusive  release; exchange
 *   any     FROZEN, once its table is unlinked: detach, in its caller's mode, by exchange;
 *           or collapseFull, shared, plain stores behind a mark
 *
 * In a mirror root, three steps take the place of one, in either mode (protocol "mirror"):
 *
 *   empty   FROZEN  leaf           install                 shared     CAS, then release
 *   empty   FROZEN  table          link                    shared     CAS, then release
 *   leaf    FROZEN  table          link (a split)          either     CAS, then release
 *   leaf    FROZEN  empty          changeAll               exclusive  release, twice
 *   table   FROZEN  leaf (merge)   changeAll               exclusive  release, twice
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
 * (EntryPlace) and come back, may read and CAS in it until it is full of FROZEN. From then on every CAS in
 * it fails, and whoever sees FROZEN starts again at the root, where the table is gone. An A or D set there
 * meanwhile is seen from the root only once it is handed on to what took the table's place (for every gfn
 * under the entry, since that may have been split by then), which is before
 * the operation that unlinked the table returns, or the access that set it does. The table may be used again
 * after a grace period. There are two ways to get there.
 *
 *   By exchange (detach): any table, in either mode. Each entry is exchanged for FROZEN; where it was a
 *   table, that is detached in turn. What the exchange returns is what the entry was at the end: a leaf that
 *   a late fault installed is counted out, an A or D that a late walk set is handed on.
 *
 *   By mark (collapseFull): a table seen full of 4K leaves, contiguous, of one permission, under the shared
 *   lock. Nothing in it is empty, nothing becomes empty while the lock is shared, and below 4K nothing is
 *   linked: so all that others can still do is to set A or D, or to give a leaf a permission (install). In
 *   this order:
 *
 *     merge                                  writer of a bit
 *     1 look at all entries                  a CAS in the table
 *     2 CAS the parent; A and D of all       b if the table is marked, begin again at the root
 *     3 mark the table; full fence
 *     4 look again at all entries; then store FROZEN in all
 *     5 hand on the A and D that only 4 has found
 *
 *   The store of 3 and the loads of 4 are ordered by the fence, the CAS of a and the load of b are both
 *   volatile: so either b finds the mark, or 4 finds what a wrote. Who merely finds the flag that it wants
 *   set already, by somebody else's a, looks for the mark as well: the loads of 4 may have come before that
 *   a. The looks are plain reads: those of 1 are no older than the lock, since when leaves have come but none
 *   has gone, so a table that looks full is full, and a flag that 1 has missed is found by 4; those of 4 come
 *   behind the fence. The stores of 4 are plain too: what they overwrite was found by the load before, or its
 *   writer finds the mark; a CAS behind them fails. A long is not torn. What 5 hands on it hands on to every
 *   gfn of the table, as if it had been set in the new leaf: by then that may have been split.
 *
 *   A permission given in the table between 1 and 3 is lost with it: the next access faults once more.
 *   Nobody takes one away under the shared lock; who adds that (a write-protect) must look for the mark,
 *   and make 4 hand it on. A mark is not undone: it goes when the table is taken for use again.
 *
 * Mirror. FROZEN is a lock on one entry: whoever put it there asks the external page table for the
 * change, and then publishes the new entry, or restores the old one if that was refused. Others who meet
 * FROZEN look the page up again; so a table is there in the external tree before anything is put in it.
 * What is refused as BUSY is restored under the shared lock; under the exclusive lock every vCPU is
 * brought out and kept out, and the change asked for once more, which must succeed. The linearization
 * point is the external table's own; until the release that publishes it nobody else acts on the entry.
 * Removals and merges come in batches (ChangeBatch): all entries of one are frozen, then the external table
 * is asked once, then each is published or restored by what became of it, also if the machine is bugged in
 * the middle. Nobody writes a mirror's entry under another's exclusive lock, so these are stores.
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
  private final MachineHealth health;
  private final @Nullable ExternalPageTable external;

  EntryProtocol(
      TableArena arena,
      HardwareWalk hardware,
      MachineHealth health,
      @Nullable ExternalPageTable external) {
    this.arena = arena;
    this.geometry = arena.geometry();
    this.hardware = hardware;
    this.health = health;
    this.external = external;
  }

  /**
   * Puts a leaf in the place of an empty entry or of a leaf of the same frame. Shared.
   *
   * @param gfn any gfn under the entry
   * @return the witness: {@code old} if it is done; FROZEN if a mirror's external table refused, or
   *     if the table was dead when it was done
   */
  long install(
      Walker walker, Root root, int table, int index, int level, long gfn, long old, long leaf) {
    long witness = change(walker, root, table, index, level, gfn, old, leaf);
    if (witness != old) {
      return witness;
    }
    if (!Spte.isPresent(old)) {
      walker.counters.increment(MmuCounter.mapped(level));
    } else if (arena.isDeadVolatile(table)) {
      walker.place.forget();
      return Spte.FROZEN;
    }
    return witness;
  }

  /**
   * Puts a 4K leaf in the place of an empty entry of the direct root, in the table that its
   * walker's last new leaf of 4K stands in. Shared, and in a section in which what the place
   * remembers holds.
   *
   * @param slot found by {@link EntryPlace#adjacentSlot}
   * @return whether it was empty, and is done
   */
  static boolean installAdjacent(
      MmuCounters.Stripe counters, EntryPlace place, int slot, long leaf) {
    if (!place.tryInstall(slot, leaf)) {
      return false;
    }
    counters.increment(MmuCounter.MAPPED_4K);
    return true;
  }

  /** Changes an entry: by one CAS, or, in a mirror, through FROZEN. Returns as {@link #install}. */
  private long change(
      Walker walker, Root root, int table, int index, int level, long gfn, long old, long now) {
    boolean mirrored = root.isMirror();
    long witness = arena.casEntry(table, index, old, mirrored ? Spte.FROZEN : now);
    if (witness != old) {
      walker.counters.increment(MmuCounter.RACES_LOST);
      return witness;
    }
    if (mirrored) {
      boolean done = false;
      try {
        done = forwardOne(walker, level, geometry.round(gfn, level), old, now);
      } finally {
        arena.storeEntryRelease(table, index, done ? now : old);
      }
      return done ? old : Spte.FROZEN;
    }
    return old;
  }

  /** Has the external table make a change; false if it was refused, or has bugged the machine. */
  private boolean forwardOne(Walker walker, int level, long gfn, long old, long now) {
    ExternalPageTable table = Objects.requireNonNull(external);
    try {
      Outcome outcome = table.set(gfn, level, old, now);
      if (outcome == Outcome.BUSY) {
        if (excludesVcpus(walker, table)) {
          try {
            outcome = table.set(gfn, level, old, now);
          } finally {
            table.admitVcpus();
          }
          bugIfBusy(outcome, gfn, level);
        } else {
          table.giveUp(gfn, level);
        }
      }
      return outcome == Outcome.DONE;
    } catch (IllegalStateException broken) {
      health.bug(String.valueOf(broken.getMessage()));
      return false;
    } catch (RuntimeException | Error failed) {
      bugHalfMade(failed, gfn, level);
      throw failed;
    }
  }

  /** The same for a batch, in which is noted what becomes of each change. */
  private void forwardAll(Walker walker, ChangeBatch batch) {
    ExternalPageTable table = Objects.requireNonNull(external);
    try {
      Outcome outcome = table.setAll(batch);
      if (outcome == Outcome.BUSY && excludesVcpus(walker, table)) {
        try {
          outcome = table.setAll(batch);
        } finally {
          table.admitVcpus();
        }
        bugIfBusy(outcome, batch.gfn(batch.underWay()), batch.level(batch.underWay()));
      }
    } catch (IllegalStateException broken) {
      health.bug(String.valueOf(broken.getMessage()));
    } catch (RuntimeException | Error failed) {
      bugHalfMade(failed, batch.gfn(batch.underWay()), batch.level(batch.underWay()));
      throw failed;
    }
  }

  /** Something was busy: keeps the vCPUs out if the lock is exclusive, and the change must be. */
  private static boolean excludesVcpus(Walker walker, ExternalPageTable table) {
    walker.counters.increment(MmuCounter.EXTERNAL_BUSY);
    if (!walker.hold.isExclusive()) {
      return false;
    }
    table.excludeVcpus();
    return true;
  }

  private void bugIfBusy(Outcome outcome, long gfn, int level) {
    if (outcome == Outcome.BUSY) {
      health.bug(
          String.format("gfn 0x%x level %d: busy with every vCPU out of the guest", gfn, level));
    }
  }

  private void bugHalfMade(Throwable failed, long gfn, int level) {
    health.bug(String.format("gfn 0x%x level %d: half made: %s", gfn, level, failed));
  }

  /**
   * Puts a filled, unreachable table in the place of an empty entry, or of the huge leaf whose
   * translations it repeats. Shared.
   *
   * @return as {@link #install}
   */
  long link(
      Walker walker, Root root, int table, int index, int level, long gfn, long old, int child) {
    long witness = change(walker, root, table, index, level, gfn, old, Spte.makeTable(child));
    if (witness != old) {
      return witness;
    }
    walker.tables.linked();
    if (Spte.isPresent(old)) {
      walker.counters.add(MmuCounter.mapped(level), -1);
      walker.counters.add(MmuCounter.mapped(level - 1), geometry.entries());
      walker.counters.increment(MmuCounter.SPLITS);
      if (root.isMirror() && !walker.hold.isExclusive()) {
        walker.counters.increment(MmuCounter.SPLITS_MIRROR_SHARED);
      }
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
    long witness = replaceTable(walker, table, index, level, old, leaf);
    if (witness == old) {
      long known = keepFlags ? Spte.accessedDirty(leaf) : Spte.ACCESSED | Spte.DIRTY;
      detach(walker, root, Spte.table(old), level - 1, gfn, known);
    }
    return witness;
  }

  /**
   * Puts a 2M leaf in the place of a table that was seen full: 4K leaves that say what it says, but
   * for A and D. The table is marked dead. Shared. The caller flushes as after {@link #collapse}.
   *
   * @param gfn the first gfn under the entry
   * @param leaf with each A and D that was seen in the table
   * @return the witness: {@code old} if it is done
   */
  long collapseFull(Walker walker, Root root, int table, int index, long gfn, long old, long leaf) {
    long witness = replaceTable(walker, table, index, PageLevel.PG_2M, old, leaf);
    if (witness == old) {
      int dead = Spte.table(old);
      arena.markDeadThenFence(dead);
      long last = arena.freezePlain(dead);
      handOn(walker, root, gfn, PageLevel.PG_2M, last, Spte.accessedDirty(leaf));
      countOut(walker, dead, PageLevel.PG_4K, geometry.entries());
    }
    return witness;
  }

  /** The CAS of a merge, and its counts. */
  long replaceTable(Walker walker, int table, int index, int level, long old, long leaf) {
    long witness = arena.casEntry(table, index, old, leaf);
    if (witness == old) {
      walker.counters.increment(MmuCounter.mapped(level));
      walker.counters.increment(MmuCounter.MERGES);
    } else {
      walker.counters.increment(MmuCounter.RACES_LOST);
    }
    return witness;
  }

  /**
   * Sets those A and D of an entry that the leaf in its place did not have when it was made, for
   * every gfn under the entry: that leaf may have been split by now.
   */
  void handOn(Walker walker, Root root, long gfn, int level, long last, long known) {
    long late = Spte.accessedDirty(last) & ~known;
    if (late == 0) {
      return;
    }
    long end = gfn + geometry.pages(level);
    for (long at = gfn; at < end; ) {
      hardware.setFlags(walker, root, at, late);
      int found = walker.level();
      at = geometry.round(at, found) + geometry.pages(found);
    }
  }

  /**
   * Makes the changes of a mirror that are in the walker's batch, each if the external table does
   * the same: removes leaves, or puts huge leaves in the place of full tables, which are dead from
   * then on. Exclusive.
   *
   * <p>What was removed is added to the walker's hold, and released: only an external table that
   * has kept track of its users gives it back. By a merge translations are as before, and nothing
   * has cached a pointer to a mirror's table: there is nothing to flush.
   *
   * @throws MachineBuggedException if the external table is broken; what was made by then is
   *     counted
   */
  void changeAll(Walker walker) {
    ChangeBatch batch = walker.batch;
    for (int change = 0; change < batch.size(); change++) {
      arena.storeEntryRelease(batch.table(change), batch.index(change), Spte.FROZEN);
    }
    try {
      forwardAll(walker, batch);
    } finally {
      for (int change = 0; change < batch.size(); change++) {
        arena.storeEntryRelease(
            batch.table(change),
            batch.index(change),
            batch.isDone(change) ? batch.now(change) : batch.old(change));
      }
      countAll(walker, batch);
    }
    health.check();
  }

  private void countAll(Walker walker, ChangeBatch batch) {
    long start = 0;
    long end = 0;
    for (int change = 0; change < batch.size(); change++) {
      int level = batch.level(change);
      if (batch.isDone(change) && Spte.isPresent(batch.now(change))) {
        walker.counters.increment(MmuCounter.mapped(level));
        walker.counters.increment(MmuCounter.MERGES);
        int dead = Spte.table(batch.old(change));
        arena.freezePlain(dead); // nobody writes in a mirror's tables without the lock
        countOut(walker, dead, level - 1, geometry.entries());
      } else if (batch.isDone(change)) {
        countCleared(walker, level);
        if (batch.gfn(change) != end) {
          released(walker, start, end);
          start = batch.gfn(change);
        }
        end = batch.gfn(change) + geometry.pages(level);
      }
    }
    released(walker, start, end);
  }

  private static void released(Walker walker, long start, long end) {
    if (end > start) {
      walker.hold.addZapped(start, end - start);
      walker.hold.releasePrivate(start, end - start);
    }
  }

  /**
   * Removes a leaf of the direct root. Exclusive. The caller flushes what it covered before it
   * leaves the lock. Others may set A and D meanwhile, which are owed to nobody.
   */
  void clear(Walker walker, int table, int index, int level) {
    arena.storeEntryRelease(table, index, Spte.EMPTY);
    countCleared(walker, level);
  }

  private static void countCleared(Walker walker, int level) {
    walker.counters.add(MmuCounter.mapped(level), -1);
    walker.counters.increment(MmuCounter.ZAPS);
  }

  /** Whether a part of a table above the last level has nothing but leaves. Exclusive. */
  boolean isFullOfLeaves(int table, int from, int to) {
    return arena.isFullOfLeavesPlain(table, from, to);
  }

  /**
   * Removes the leaves of a part of a table, in which there are no tables. Exclusive; otherwise as
   * {@link #clear}.
   *
   * @param level the level of its entries
   * @return how many leaves were removed
   */
  int clearLeaves(Walker walker, int table, int level, int from, int to) {
    int removed = arena.clearLeavesPlain(table, from, to);
    walker.counters.add(MmuCounter.mapped(level), -removed);
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
        handOn(walker, root, at, level, last, known);
      }
    }
    countOut(walker, table, level, leaves);
  }

  private static void countOut(Walker walker, int table, int level, int leaves) {
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
    if (root.isMirror()) {
      emptyMirror(walker, root.table(), geometry.levels(), 0);
    }
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

  private void freeTable(ExternalPageTable mirrored, long gfn, int level, int table) {
    try {
      mirrored.freeTable(gfn, level, table);
    } catch (IllegalStateException broken) {
      health.bug(String.valueOf(broken.getMessage())); // and the rest is torn down all the same
    }
  }

  /** Takes every page and every table but the root's back from the external table. */
  private void emptyMirror(Walker walker, int table, int level, long gfn) {
    ExternalPageTable mirrored = Objects.requireNonNull(external);
    for (int index = 0; index < geometry.entries(); index++) {
      long entry = arena.entryAcquire(table, index);
      long at = gfn + index * geometry.pages(level);
      if (Spte.isTable(entry, level)) {
        emptyMirror(walker, Spte.table(entry), level - 1, at);
        freeTable(mirrored, at, level - 1, Spte.table(entry));
      } else if (Spte.isPresent(entry)) {
        forwardOne(walker, level, at, entry, Spte.EMPTY);
      }
    }
  }
}
