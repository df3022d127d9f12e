package dev.septum.mmu;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.RangeCursor;
import dev.septum.paging.Spte;

/**
 * Removes leaves, under the exclusive lock. A leaf that overlaps the range goes as a whole; tables
 * stay. A zap gives way to waiters, but only after it has got further.
 */
final class Zap {
  private final Geometry geometry;
  private final EntryProtocol protocol;

  Zap(Geometry geometry, EntryProtocol protocol) {
    this.geometry = geometry;
    this.protocol = protocol;
  }

  /** Removes every leaf that overlaps the range. The hold has been entered, exclusive. */
  void zapRange(Walker walker, Root root, GfnRange range) {
    RangeCursor cursor = walker.cursor;
    cursor.begin(root.table(), range, PageLevel.PG_2M);
    while (cursor.next()) {
      int level = cursor.level();
      if (cursor.hasProgressed() && walker.hold.isContended()) {
        walker.hold.giveWay();
        cursor.resume();
      } else if (Spte.isLeaf(cursor.entry(), level)) {
        protocol.clear(walker, cursor.table(), cursor.index(), level);
        walker.hold.addZapped(cursor.gfn(), geometry.pages(level));
      } else if (level == PageLevel.PG_2M && Spte.isTable(cursor.entry(), level)) {
        long from = Math.max(range.start(), cursor.gfn());
        long to = Math.min(range.end(), cursor.gfn() + geometry.pages(level));
        int first = (int) (from - cursor.gfn());
        int end = (int) (to - cursor.gfn());
        if (protocol.clearLeaves(walker, Spte.table(cursor.entry()), first, end) > 0) {
          walker.hold.addZapped(from, to - from);
        }
      }
    }
  }
}
