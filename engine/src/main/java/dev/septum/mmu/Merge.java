package dev.septum.mmu;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.RangeCursor;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;

/**
 * A huge leaf for a full table, under the shared lock.
 *
 * <p>Septum merges a table of present leaves, contiguous, of one permission; translation and
 * permission stay as they are for every gfn, A and D are those of any child. While the table is
 * looked at no install can succeed in it, because nothing in it is empty; an A or D that a walk
 * sets after the look is found by a second one, or by its writer, and handed on. Tables of 4K
 * leaves are marked as dead, others, and with {@link MmuOptions#exchangeOnMerge} all, exchanged
 * entry by entry (the essay in {@link EntryProtocol}).
 *
 * <p>KVM's way ({@link MmuOptions#collapseUnasked}) is to take the bits of the first present leaf
 * below, and the largest level first; and to flush the whole range if anything in it was merged.
 */
final class Merge {
  private final TableArena arena;
  private final Geometry geometry;
  private final EntryProtocol protocol;
  private final Invalidation invalidation;
  private final boolean unasked;
  private final boolean exchanges;

  Merge(TableArena arena, EntryProtocol protocol, Invalidation invalidation, MmuOptions options) {
    this.arena = arena;
    this.geometry = arena.geometry();
    this.protocol = protocol;
    this.invalidation = invalidation;
    this.unasked = options.collapseUnasked();
    this.exchanges = unasked || options.exchangeOnMerge();
  }

  /**
   * Merges what lies wholly in the range, up to a level, as far as {@code limits} allow it. The
   * hold has been entered, shared.
   */
  void mergeRange(Walker walker, Root root, GfnRange range, int largest, MappingLimits limits) {
    if (unasked) {
      mergeLevels(walker, root, range, PageLevel.PG_2M, largest, limits);
    } else {
      for (int level = PageLevel.PG_2M; level <= largest; level++) {
        mergeLevels(walker, root, range, level, level, limits);
      }
    }
  }

  /**
   * Merges tables of a mirror that lie wholly in the range, and are full, and contiguous. The hold
   * has been entered, exclusive. What the external page table refuses stays as it was.
   */
  void mergeMirror(
      Walker walker,
      Root root,
      GfnRange range,
      int largest,
      MappingLimits limits,
      MirrorMerges merges) {
    for (int level = PageLevel.PG_2M; level <= largest; level++) {
      walker.batch.clear();
      try {
        mergeMirrorLevel(walker, root, range, level, limits, merges);
      } finally {
        endAll(walker.batch, merges); // none, unless something was thrown
      }
    }
  }

  private void mergeMirrorLevel(
      Walker walker,
      Root root,
      GfnRange range,
      int level,
      MappingLimits limits,
      MirrorMerges merges) {
    RangeCursor cursor = walker.cursorOver(root, range, level);
    while (cursor.next()) {
      if (cursor.hasProgressed() && walker.mustGiveWay() && walker.batch.mayPause(cursor, level)) {
        promoteAll(walker, merges);
        walker.giveWay();
        cursor.resume();
      } else if (cursor.level() == level && isWholeTableIn(cursor, range)) {
        considerMirrored(walker.batch, cursor, limits, merges);
        if (walker.batch.isFull()) {
          promoteAll(walker, merges);
        }
      }
    }
    promoteAll(walker, merges);
  }

  private void promoteAll(Walker walker, MirrorMerges merges) {
    if (!walker.batch.isEmpty()) {
      protocol.changeAll(walker);
      endAll(walker.batch, merges);
    }
  }

  /** Says what became of each merge that was begun. */
  private static void endAll(ChangeBatch batch, MirrorMerges merges) {
    for (int change = 0; change < batch.size(); change++) {
      merges.end(batch.gfn(change), batch.level(change), batch.isDone(change));
    }
    batch.clear();
  }

  private boolean isWholeTableIn(RangeCursor cursor, GfnRange range) {
    long pages = geometry.pages(cursor.level());
    return Spte.isTable(cursor.entry(), cursor.level())
        && range.contains(GfnRange.ofPages(cursor.gfn(), pages))
        && !invalidation.isInProgress(cursor.gfn(), pages);
  }

  private void considerMirrored(
      ChangeBatch batch, RangeCursor cursor, MappingLimits limits, MirrorMerges merges) {
    int level = cursor.level();
    long gfn = cursor.gfn();
    long pages = geometry.pages(level);
    long leaf = leafOfAll(Spte.table(cursor.entry()), level, 0);
    if (leaf == Spte.EMPTY || !merges.begin(gfn, level)) {
      return;
    }
    boolean allowed = false;
    try {
      allowed = level <= limits.maxMappingLevel(gfn, level);
    } finally {
      if (!allowed) {
        merges.end(gfn, level, false);
      }
    }
    if (allowed) {
      batch.add(cursor.table(), cursor.index(), level, gfn, pages, cursor.entry(), leaf);
    }
  }

  private void mergeLevels(
      Walker walker, Root root, GfnRange range, int smallest, int largest, MappingLimits limits) {
    RangeCursor cursor = walker.cursorOver(root, range, smallest);
    while (cursor.next()) {
      int level = cursor.level();
      long gfn = cursor.gfn();
      if (cursor.hasProgressed() && walker.mustGiveWay()) {
        walker.giveWay();
        cursor.resume();
      } else if (Spte.isFrozen(cursor.entry())) {
        cursor.resume();
      } else if (level <= largest
          && isWholeTableIn(cursor, range)
          && level <= limits.maxMappingLevel(gfn, geometry.maxLeafLevel())) {
        long now =
            mergeTable(walker, root, cursor.table(), cursor.index(), level, gfn, cursor.entry());
        if (unasked && now != cursor.entry()) {
          walker.hold.addUnlinked(range.start(), range.pages());
        }
        cursor.update(now);
      }
    }
  }

  /**
   * Merges one table, if it may be merged. Shared; the flush is added to the walker's hold.
   *
   * @param gfn any gfn under the entry
   * @param entry the entry of the table, as it was read
   * @return the entry as it is afterwards: the new leaf, the same table, or what somebody else has
   *     put there
   */
  long mergeTable(Walker walker, Root root, int table, int index, int level, long gfn, long entry) {
    long leaf =
        unasked
            ? leafOfFirst(Spte.table(entry), level)
            : leafOfAll(Spte.table(entry), level, geometry.index(gfn, level - 1));
    return leaf == Spte.EMPTY
        ? entry
        : replace(walker, root, table, index, level, gfn, entry, leaf);
  }

  /** Puts {@code leaf} in the place of a table. Shared. Returns as {@link #mergeTable}. */
  long replace(
      Walker walker, Root root, int table, int index, int level, long gfn, long entry, long leaf) {
    long start = geometry.round(gfn, level);
    long witness =
        level == PageLevel.PG_2M && !exchanges
            ? protocol.collapseFull(walker, root, table, index, start, entry, leaf)
            : protocol.collapse(walker, root, table, index, level, start, entry, leaf, !unasked);
    if (witness != entry) {
      return witness;
    }
    walker.hold.addUnlinked(start, geometry.pages(level));
    return leaf;
  }

  /**
   * The leaf that says the same as all leaves of a table, or empty if there is none.
   *
   * @param from which child to look at first: one that is likely to say no
   */
  private long leafOfAll(int table, int level, int from) {
    int childLevel = level - 1;
    long child = arena.entryAcquire(table, from);
    if (!Spte.isLeaf(child, childLevel)) {
      return Spte.EMPTY;
    }
    long leaf = Spte.withoutAccessedDirty(Spte.makeHuge(child, level, geometry));
    long first = Spte.makeSmall(leaf, level, 0, geometry);
    long differences = arena.differencesPlain(table, first, Spte.stepOf(childLevel, geometry));
    return Spte.withoutAccessedDirty(differences) == 0 ? leaf | differences : Spte.EMPTY;
  }

  /**
   * The leaf with the bits of the first leaf below a table, at any depth; empty if there is none.
   */
  private long leafOfFirst(int table, int level) {
    for (int i = 0; i < geometry.entries(); i++) {
      long child = arena.entryAcquire(table, i);
      long first =
          Spte.isTable(child, level - 1)
              ? leafOfFirst(Spte.table(child), level - 1)
              : Spte.isPresent(child) ? child : Spte.EMPTY;
      if (first != Spte.EMPTY) {
        return Spte.makeHuge(first, level, geometry);
      }
    }
    return Spte.EMPTY;
  }
}
