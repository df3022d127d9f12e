package dev.septum.mmu;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.RangeCursor;
import dev.septum.paging.Spte;

/**
 * Removes leaves, under the exclusive lock. A leaf that overlaps the range goes as a whole; in a
 * mirror there must be none that lies partly outside, because what is removed there cannot be
 * faulted in again with its content. Tables stay, until a trim removes those in which nothing is
 * mapped. Both give way to waiters, but only after they have got further. A mirror's leaves are
 * removed batch by batch.
 */
final class Zap {
  private final Geometry geometry;
  private final EntryProtocol protocol;
  private final MachineHealth health;

  Zap(Geometry geometry, EntryProtocol protocol, MachineHealth health) {
    this.geometry = geometry;
    this.protocol = protocol;
    this.health = health;
  }

  /** Removes every leaf that overlaps the range. The hold has been entered, exclusive. */
  void zapRange(Walker walker, Root root, GfnRange range) {
    int minLevel = root.isMirror() ? PageLevel.PG_4K : PageLevel.PG_2M;
    RangeCursor cursor = walker.cursorOver(root, range, minLevel);
    ChangeBatch batch = walker.batch;
    batch.clear();
    for (boolean more = cursor.next(); more; ) {
      int level = cursor.level();
      boolean isThrough = false;
      if (cursor.hasProgressed() && walker.mustGiveWay() && batch.mayPause(cursor, minLevel)) {
        removeAll(walker);
        walker.giveWay();
        cursor.resume();
      } else if (Spte.isLeaf(cursor.entry(), level) && root.isMirror()) {
        checkPrecise(range, cursor);
        batch.add(
            cursor.table(),
            cursor.index(),
            level,
            cursor.gfn(),
            geometry.pages(level),
            cursor.entry(),
            Spte.EMPTY);
        if (batch.isFull()) {
          removeAll(walker);
        }
      } else if (Spte.isLeaf(cursor.entry(), level)) {
        protocol.clear(walker, cursor.table(), cursor.index(), level);
        walker.hold.addZapped(cursor.gfn(), geometry.pages(level));
      } else if (Spte.isTable(cursor.entry(), level)
          && level <= geometry.maxLeafLevel() + 1
          && !root.isMirror()) {
        isThrough = clearTable(walker, root, range, cursor);
      }
      more = isThrough ? cursor.nextAside() : cursor.next();
    }
    removeAll(walker);
  }

  /**
   * Removes the leaves of a table that overlap the range, all at once: if they are of 4K, or if
   * there are only leaves.
   *
   * @return false if not, and nothing is done
   */
  private boolean clearTable(Walker walker, Root root, GfnRange range, RangeCursor cursor) {
    int level = cursor.level() - 1;
    int table = Spte.table(cursor.entry());
    long start = Math.max(range.start(), cursor.gfn());
    long last = Math.min(range.end(), cursor.gfn() + geometry.pages(cursor.level())) - 1;
    int first = root.index(geometry, start, level);
    int end = root.index(geometry, last, level) + 1;
    if (level > PageLevel.PG_4K && !protocol.isFullOfLeaves(table, first, end)) {
      return false;
    }
    if (protocol.clearLeaves(walker, table, level, first, end) > 0) {
      long from = geometry.round(start, level);
      walker.hold.addZapped(from, geometry.round(last, level) + geometry.pages(level) - from);
    }
    return true;
  }

  private void removeAll(Walker walker) {
    if (!walker.batch.isEmpty()) {
      protocol.changeAll(walker);
      walker.batch.clear();
    }
  }

  private void checkPrecise(GfnRange range, RangeCursor cursor) {
    GfnRange block = GfnRange.ofPages(cursor.gfn(), geometry.pages(cursor.level()));
    if (!range.contains(block)) {
      health.bug(
          String.format(
              "a zap of %s meets a private leaf over %s that was not split", range, block));
      health.check();
    }
  }

  /**
   * Removes every table below the root in which nothing is mapped, if it lies wholly in the range;
   * the lowest first, so that what held only such tables goes too. The hold has been entered,
   * exclusive.
   */
  void trimRange(Walker walker, Root root, GfnRange range) {
    for (int level = PageLevel.PG_2M; level <= geometry.levels(); level++) {
      RangeCursor cursor = walker.cursorOver(root, range, level);
      while (cursor.next()) {
        long gfn = cursor.gfn();
        if (cursor.hasProgressed() && walker.mustGiveWay()) {
          walker.giveWay();
          cursor.resume();
        } else if (cursor.level() == level
            && Spte.isTable(cursor.entry(), level)
            && gfn >= range.start()
            && gfn + geometry.pages(level) <= range.end()
            && protocol.unlinkEmpty(walker, root, cursor.table(), cursor.index(), level, gfn)) {
          cursor.update(Spte.EMPTY);
          walker.hold.addUnlinked(gfn, geometry.pages(level));
        }
      }
    }
  }
}
