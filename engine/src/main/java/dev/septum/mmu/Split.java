package dev.septum.mmu;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.RangeCursor;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;

/**
 * A filled table for a huge leaf. Translation, permission, A and D of every gfn stay those of the
 * leaf at the instant of the CAS, so nothing has to be flushed.
 */
final class Split {
  private final TableArena arena;
  private final Geometry geometry;
  private final EntryProtocol protocol;
  private final MachineHealth health;

  Split(TableArena arena, EntryProtocol protocol, MachineHealth health) {
    this.arena = arena;
    this.geometry = arena.geometry();
    this.protocol = protocol;
    this.health = health;
  }

  /**
   * Replaces one leaf; takes one table from the walker, which must have it. Either lock.
   *
   * @param leaf the leaf as it was read
   * @return the entry as it is afterwards: the new table, or what somebody else has put there;
   *     FROZEN if a mirror's external table refused
   */
  long splitLeaf(Walker walker, Root root, int table, int index, int level, long gfn, long leaf) {
    int child = walker.tables.take(level - 1, geometry.round(gfn, level));
    long old = leaf;
    while (Spte.isLeaf(old, level)) {
      long first = Spte.makeSmall(old, level, 0, geometry);
      arena.fillPlain(child, first, Spte.stepOf(level - 1, geometry));
      long witness = protocol.link(walker, root, table, index, level, gfn, old, child);
      if (witness == old) {
        return Spte.makeTable(child);
      }
      old = witness;
    }
    walker.tables.putBack(child);
    return old;
  }

  /**
   * Replaces every leaf above {@code target} that overlaps the range. The hold has been entered, in
   * either mode.
   */
  void splitRange(Walker walker, Root root, GfnRange range, int target) {
    secureTables(walker, root, range, target);
    RangeCursor cursor = walker.cursorOver(root, range, target + 1);
    while (cursor.next()) {
      if (cursor.hasProgressed() && walker.mustGiveWay()) {
        walker.giveWay();
        cursor.resume();
      } else if (Spte.isFrozen(cursor.entry())) {
        health.check(); // if that is why it was refused
        cursor.resume();
      } else if (Spte.isLeaf(cursor.entry(), cursor.level())) {
        if (walker.tables.available() == 0) { // others have mapped or merged what lies ahead
          GfnRange ahead = new GfnRange(cursor.position(), range.end());
          secureTables(walker, root, ahead, target);
          cursor = walker.cursorOver(root, ahead, target + 1);
        } else {
          cursor.update(
              splitLeaf(
                  walker,
                  root,
                  cursor.table(),
                  cursor.index(),
                  cursor.level(),
                  cursor.gfn(),
                  cursor.entry()));
        }
      }
    }
  }

  /**
   * Leaves the hold to get the tables that the split takes, and enters it again. If there are too
   * few, whoever has taken them may have split some of this very range with them: so it looks again
   * before it fails, outside the hold.
   */
  private void secureTables(Walker walker, Root root, GfnRange range, int target) {
    int refused = Integer.MAX_VALUE;
    int wanted = tablesNeeded(walker, root, range, target);
    while (walker.tables.available() < wanted) {
      walker.hold.leave();
      refused = walker.tables.requireOrLookAgain(wanted, refused);
      walker.hold.reenter();
      wanted = tablesNeeded(walker, root, range, target);
    }
  }

  /**
   * How many tables the split takes, so that, unless others change the range meanwhile, it fails
   * before it begins.
   */
  private int tablesNeeded(Walker walker, Root root, GfnRange range, int target) {
    long needed = 0;
    RangeCursor cursor = walker.cursorOver(root, range, target + 1);
    while (cursor.next()) {
      if (Spte.isLeaf(cursor.entry(), cursor.level())) {
        long from = Math.max(range.start(), cursor.gfn());
        long to = Math.min(range.end(), cursor.gfn() + geometry.pages(cursor.level()));
        for (int level = target + 1; level <= cursor.level(); level++) {
          needed +=
              (geometry.round(to - 1, level) - geometry.round(from, level)) / geometry.pages(level)
                  + 1;
        }
      }
    }
    return (int) Math.min(needed, Integer.MAX_VALUE / 2); // more than any arena has
  }
}
