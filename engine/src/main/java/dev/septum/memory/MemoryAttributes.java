package dev.septum.memory;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;

/**
 * Which gfns of a trust domain are private (KVM's {@code KVM_MEMORY_ATTRIBUTE_PRIVATE}). One for a
 * machine; by canonical gfns, without the shared bit. All are shared at first.
 *
 * <p>A fault asks {@link #isPrivate} before it takes the MMU lock, and again under it. Changes are
 * made under the exclusive MMU lock, inside an invalidation: so the second answer holds until the
 * fault has mapped its page. Blocks that are all private or all shared take no storage of their
 * own.
 */
public final class MemoryAttributes {
  private final Geometry geometry;
  private final GfnSet privateGfns;

  /** All gfns of a tree are shared. */
  public MemoryAttributes(Geometry geometry) {
    this.geometry = geometry;
    this.privateGfns = new GfnSet(geometry);
  }

  /**
   * Whether a gfn is private. Wait-free, without a lock.
   *
   * @throws IndexOutOfBoundsException if it is beyond the tree
   */
  public boolean isPrivate(long gfn) {
    return privateGfns.contains(gfn);
  }

  /**
   * Makes gfns private or shared. Under the exclusive MMU lock.
   *
   * @return how many were not so before
   * @throws IllegalArgumentException if the range is beyond the tree
   */
  public long setPrivate(GfnRange range, boolean isPrivate) {
    geometry.checkRange(range);
    return privateGfns.set(range.start(), range.end(), isPrivate);
  }

  /**
   * Whether the whole block of a level around a gfn is private, or the whole is shared. In constant
   * time; under the MMU lock.
   *
   * @throws IllegalArgumentException if no leaf has that level
   * @throws IndexOutOfBoundsException if the gfn is beyond the tree
   */
  public boolean isUniform(long gfn, int level) {
    return privateGfns.isUniform(gfn, geometry.checkLeafLevel(level));
  }
}
