package dev.septum.mmu;

/** What is shown each leaf of a tree, in ascending order of gfns. */
@FunctionalInterface
public interface LeafVisitor {
  /**
   * A leaf.
   *
   * @param gfn the first gfn it maps
   * @param level 1 to 3
   * @param entry the entry; {@link dev.septum.paging.Spte} reads it
   */
  void leaf(long gfn, int level, long entry);
}
