package dev.septum.mmu;

import dev.septum.paging.Geometry;

/**
 * A tree.
 *
 * @param table its root table
 * @param gfnBits what a gfn has besides wherever an index is taken of it: the shared bit in the
 *     direct root of a trust domain, else 0
 * @param isMirror whether every change of an entry goes to the {@link ExternalPageTable} too
 */
record Root(int table, long gfnBits, boolean isMirror) {
  /** Where a canonical gfn's entry stands in a table of this level. */
  int index(Geometry geometry, long gfn, int level) {
    return geometry.index(gfn | gfnBits, level);
  }
}
