package dev.septum.mmu;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The trees of one machine, and the gfns that they have. Immutable. */
final class RootSet {
  private final Geometry geometry;
  private final long gfnLimit;
  private final Root direct;
  private final @Nullable Root mirror;

  /** A normal VM's one root. */
  RootSet(Geometry geometry, int table) {
    this.geometry = geometry;
    this.gfnLimit = geometry.gfnLimit();
    this.direct = new Root(table, 0, false);
    this.mirror = null;
  }

  /**
   * A trust domain's two.
   *
   * @param sharedGfnBit tells shared memory; one more than the largest canonical gfn
   * @throws IllegalArgumentException if it is none of the geometry's
   */
  RootSet(Geometry geometry, int directTable, int mirrorTable, long sharedGfnBit) {
    this.geometry = geometry;
    if (geometry.gfnLimit() != 2 * sharedGfnBit) {
      throw new IllegalArgumentException(
          String.format("the shared bit of %s is not gfn bit 0x%x", geometry, sharedGfnBit));
    }
    this.gfnLimit = sharedGfnBit;
    this.direct = new Root(directTable, sharedGfnBit, false);
    this.mirror = new Root(mirrorTable, 0, true);
  }

  /** The one that hardware walks. */
  Root direct() {
    return direct;
  }

  /**
   * The one that repeats the Secure EPT.
   *
   * @throws IllegalStateException if this is a normal VM's
   */
  Root mirror() {
    if (mirror == null) {
      throw new IllegalStateException("a normal VM has no private memory");
    }
    return mirror;
  }

  List<Root> of(Roots which) {
    if (mirror == null) {
      return List.of(direct);
    }
    return switch (which) {
      case DIRECT -> List.of(direct);
      case MIRROR -> List.of(mirror);
      case BOTH -> List.of(direct, mirror);
    };
  }

  /** One more than the largest canonical gfn. */
  long gfnLimit() {
    return gfnLimit;
  }

  void checkGfn(long gfn) {
    if (gfn < 0 || gfn >= gfnLimit) {
      throw new IllegalArgumentException(
          String.format("gfn 0x%x is beyond this tree, which ends at gfn 0x%x", gfn, gfnLimit));
    }
  }

  GfnRange checkRange(GfnRange range) {
    geometry.checkRange(range);
    if (range.end() > gfnLimit) {
      throw new IllegalArgumentException(
          String.format("%s is beyond canonical gfns, which end at 0x%x", range, gfnLimit));
    }
    return range;
  }
}
