package dev.septum.paging;

import static dev.septum.paging.TableArena.CHUNK_MASK;
import static dev.septum.paging.TableArena.CHUNK_SHIFT;
import static dev.septum.paging.TableArena.LONGS;

import dev.septum.sync.PaddedHead;
import dev.septum.sync.ReadSection;

/**
 * Where the entry stands that a walk has ended at, and tables on the way to gfns walked or faulted
 * before: what hardware calls a paging-structure cache. The next walk begins at the table of 4K
 * entries that the last one ended in, or at the table of 2M entries that the last one from the root
 * has passed, if it is on its way. A third, of 4K entries, is that of the last new leaf.
 *
 * <p>Tables are remembered until {@link #forget}, which is called when they may be others by now. A
 * table that dies meanwhile ends up full of FROZEN entries; a walk that finds one begins again at
 * the root. Until then it reads what the table last said. Used by one thread.
 *
 * <p>The trees of one machine that use one place differ in a bit of their gfns, so a gfn, with that
 * bit, names its tree too.
 *
 * <p>Walks are many and independent of each other, and a CPU overlaps as many as it can hold the
 * instructions of: so {@link #descendAcquire} is short, without a loop where a table is known, and
 * all that it needs stands here.
 */
public final class EntryPlace extends EntryPlaceWords implements ReadSection.Memory {
  @SuppressWarnings("unused") // padding
  private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

  EntryPlace(Geometry geometry, long[][] entries) {
    super(geometry, entries);
  }

  /** The table. */
  public int table() {
    return table;
  }

  /** The level of the table's entries. */
  public int level() {
    return level;
  }

  @Override
  public void forget() {
    middleGfn = NO_GFN;
    leafGfn = NO_GFN;
    adjacentGfn = NO_GFN;
  }

  private void endInLeafTable(int table, long gfn) {
    this.table = table;
    if (level != PageLevel.PG_4K) { // one store less
      level = PageLevel.PG_4K;
    }
    leafGfn = gfn;
  }

  private void endAbove(int level, int table) {
    this.table = table;
    this.level = level;
    leafGfn = NO_GFN;
  }

  /**
   * Follows tables to the entry that decides about a gfn: a leaf, or what is not present; or
   * FROZEN, if the table has died. Where it stands is noted.
   *
   * @param root the root's table
   * @return the entry
   */
  public long descendAcquire(int root, long gfn) {
    if (((gfn ^ leafGfn) & leafTableMask) == 0) {
      return entryAcquire(table, (int) gfn & indexMask);
    }
    if (((gfn ^ middleGfn) & middleMask) != 0) {
      return descendFromRoot(root, gfn);
    }
    int offset = middleOffset + ((int) (gfn >>> bits) & indexMask);
    long entry = (long) LONGS.getAcquire(middleChunk, offset);
    if (Spte.isTable(entry, PageLevel.PG_2M)) {
      int child = Spte.table(entry);
      endInLeafTable(child, gfn);
      return entryAcquire(child, (int) gfn & indexMask);
    }
    endAbove(PageLevel.PG_2M, middle);
    return entry;
  }

  private long descendFromRoot(int root, long gfn) {
    int at = root;
    for (int above = geometry.levels(); above > PageLevel.PG_2M; above--) {
      long entry = entryAcquire(at, geometry.index(gfn, above));
      if (!Spte.isTable(entry, above)) {
        endAbove(above, at);
        return entry;
      }
      at = Spte.table(entry);
    }
    middle = at;
    middleGfn = gfn;
    middleOffset = offset(at, 0);
    long[] found = entries[at >>> CHUNK_SHIFT];
    if (middleChunk != found) { // the store of a reference costs a collector's barrier
      middleChunk = found;
    }
    return descendAcquire(root, gfn);
  }

  /** Keeps a table of 4K entries that a gfn lies under, for {@link #adjacentSlot}. */
  public void keepAdjacent(int table, long gfn) {
    long[] found = entries[table >>> CHUNK_SHIFT];
    if (chunk != found) { // the store of a reference costs a collector's barrier
      chunk = found;
    }
    chunkOffset = offset(table, 0);
    adjacentGfn = gfn;
  }

  /** Whether a table is kept still. */
  public boolean hasAdjacent() {
    return adjacentGfn != NO_GFN;
  }

  /**
   * Where a gfn's entry stands in the table that was kept. A walk that costs nothing, if the table
   * is kept still where the slot is used.
   *
   * @return the slot, for {@link #tryInstall}; negative if the gfn's table is another
   */
  public int adjacentSlot(long gfn) {
    return ((gfn ^ adjacentGfn) & leafTableMask) == 0
        ? chunkOffset + ((int) gfn & indexMask)
        : NO_SLOT;
  }

  /**
   * Puts a leaf in the place of an empty entry; a full volatile access.
   *
   * @param slot found by {@link #adjacentSlot} just before
   * @return whether it was empty
   */
  public boolean tryInstall(int slot, long leaf) {
    return (long) LONGS.compareAndExchange(chunk, slot, Spte.EMPTY, leaf) == Spte.EMPTY;
  }

  private long entryAcquire(int table, int index) {
    return (long) LONGS.getAcquire(entries[table >>> CHUNK_SHIFT], offset(table, index));
  }

  private int offset(int table, int index) {
    return ((table & CHUNK_MASK) << bits) + index;
  }
}

/** What a walk leaves and needs, on cache lines of its thread's own. */
abstract class EntryPlaceWords extends PaddedHead {
  static final long NO_GFN = -1;
  static final int NO_SLOT = -1;

  final Geometry geometry;
  final int bits;

  /** The bits of a gfn that are an index. Masks, because shifts by a variable keep registers. */
  final int indexMask;

  /** The bits of a gfn that all gfns under a table of 4K entries have in common. */
  final long leafTableMask;

  /** The same for a table of 2M entries. */
  final long middleMask;

  final long[][] entries;

  /** The table that the last walk ended in, and its level. */
  int table = TableArena.NO_TABLE;

  int level;

  /** A gfn under that table, if it has 4K entries and is remembered. */
  long leafGfn = NO_GFN;

  /** A gfn under a table of 2M entries that is remembered. */
  long middleGfn = NO_GFN;

  /** That table, and where it stands. */
  int middle;

  int middleOffset;
  long[] middleChunk = {};

  /** A gfn under a table of 4K entries that is kept for {@link EntryPlace#adjacentSlot}. */
  long adjacentGfn = NO_GFN;

  /** Where that table stands. */
  int chunkOffset;

  long[] chunk = {};

  EntryPlaceWords(Geometry geometry, long[][] entries) {
    this.geometry = geometry;
    this.bits = geometry.bitsPerLevel();
    this.indexMask = geometry.entries() - 1;
    this.leafTableMask = -geometry.pages(PageLevel.PG_2M);
    // In a tree of two levels that table is the root, whose index has the bit that names the tree.
    this.middleMask = -(geometry.pages(PageLevel.PG_1G) >> (geometry.levels() == 2 ? 1 : 0));
    this.entries = entries;
  }
}
