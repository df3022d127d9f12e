package dev.septum.td;

import dev.septum.paging.Geometry;
import dev.septum.paging.TableArena;

/**
 * The host pages that Secure EPT tables lie in: table {@code n} of the MMU's arena has the page
 * {@code firstPfn + n}, for ever.
 *
 * <p>So a mirror table and its S-EPT page live and die together. Nothing is allocated when a table
 * is linked or a leaf split, under the lock: whoever has taken a table from the arena has its page
 * with it, and what KVM returns as ENOMEM is the arena's {@link
 * dev.septum.paging.TableArenaFullException}, before the lock. A page is free again, as the PAMT
 * sees it, before its table is unlinked; a table is used again only after a grace period. It costs
 * frames that are never used: those of the tables of the direct root, and of numbers that no table
 * has.
 */
public final class SeptPages {
  private final long firstPfn;
  private final int pages;

  /**
   * Pages for an arena.
   *
   * @param firstPfn the first host frame of the region; {@link #pages} frames of it belong to this
   * @param maxTables the limit of the arena
   */
  public SeptPages(long firstPfn, int maxTables) {
    this.firstPfn = firstPfn;
    this.pages = TableArena.numberLimit(maxTables);
  }

  /** How many frames the region has. */
  public int pages() {
    return pages;
  }

  /**
   * The host frame of a table.
   *
   * @throws IllegalStateException if the arena has no such table
   */
  public long pfn(int table) {
    if (table <= TableArena.NO_TABLE || table >= pages) {
      throw new IllegalStateException(
          String.format("table %d has no S-EPT page: there are %d", table, pages));
    }
    return firstPfn + table;
  }

  /** The host address of a table's page, in bytes. */
  long address(int table) {
    return pfn(table) << Geometry.PAGE_SHIFT;
  }
}
