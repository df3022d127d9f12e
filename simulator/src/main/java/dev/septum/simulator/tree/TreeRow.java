package dev.septum.simulator.tree;

import dev.septum.paging.Geometry;
import org.jspecify.annotations.Nullable;

/**
 * Guest frames for which each tree has one entry, or a run of alike ones.
 *
 * @param start the first gfn
 * @param end one more than the last
 * @param direct of the direct root
 * @param mirror of the mirror root; null in a normal VM
 * @param sept of the Secure EPT; null in a normal VM
 * @param agrees whether the Secure EPT has what the mirror says
 * @param memory what is behind them
 */
record TreeRow(
    long start,
    long end,
    TreeEntry direct,
    @Nullable TreeEntry mirror,
    @Nullable TreeEntry sept,
    boolean agrees,
    PageMemory memory) {

  /** No tree has anything there. */
  boolean isEmpty() {
    return direct.isEmpty() && isEmpty(mirror) && isEmpty(sept);
  }

  private static boolean isEmpty(@Nullable TreeEntry entry) {
    return entry == null || entry.isEmpty();
  }

  /** Both in one row; null if they are not alike. */
  @Nullable TreeRow followedBy(TreeRow next, Geometry geometry) {
    if (next.start != end || next.agrees != agrees || !next.memory.equals(memory)) {
      return null;
    }
    TreeEntry directs = direct.followedBy(next.direct, geometry);
    if (directs == null) {
      return null;
    }
    if (mirror == null || sept == null || next.mirror == null || next.sept == null) {
      return new TreeRow(start, next.end, directs, null, null, agrees, memory);
    }
    TreeEntry mirrors = mirror.followedBy(next.mirror, geometry);
    TreeEntry septs = sept.followedBy(next.sept, geometry);
    return mirrors == null || septs == null
        ? null
        : new TreeRow(start, next.end, directs, mirrors, septs, agrees, memory);
  }
}
