package dev.septum.mmu;

/**
 * Who decides about each merge of a mirror's table, and is told what became of it. Several may be
 * begun before the first ends, all at different gfns; all end in the hold in which they began.
 * Called under the exclusive MMU lock; must not call the machine.
 */
public interface MirrorMerges {
  /**
   * A table is about to become a leaf.
   *
   * @param gfn the first gfn under it
   * @param level of the leaf, 2 or 3
   * @return whether it may; if so, {@link #end} follows
   */
  boolean begin(long gfn, int level);

  /** What became of it: the external table may have refused, and then everything is as before. */
  void end(long gfn, int level, boolean merged);
}
