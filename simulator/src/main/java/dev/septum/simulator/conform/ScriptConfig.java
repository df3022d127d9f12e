package dev.septum.simulator.conform;

import dev.septum.paging.Geometry;
import dev.septum.simulator.BadInputException;
import java.util.Set;

/**
 * The machine that a script runs on.
 *
 * @param pages the size of the one slot, which begins at gfn 0
 * @param firstPfn the frame behind gfn 0
 * @param isTrustDomain whether there is a mirror root
 * @param gfnLimit one more than the largest canonical gfn
 */
record ScriptConfig(
    Geometry geometry, long pages, long firstPfn, boolean isTrustDomain, long gfnLimit) {
  private static final int SHARED_BIT_48 = 47;
  private static final int SHARED_BIT_52 = 51;
  private static final Set<String> FIELDS =
      Set.of("root_level", "ad_bits", "nx_huge_pages", "npages", "tdx", "pfn_offset");
  private static final long FRAMES = 1L << (Geometry.MAX_ADDRESS_BITS - Geometry.PAGE_SHIFT);

  static ScriptConfig read(RecordNode config) throws BadInputException, UnsupportedException {
    config.checkFields("a configuration", FIELDS);
    long levels = config.integer("root_level", 1, Integer.MAX_VALUE);
    boolean accessedDirty = config.flag("ad_bits");
    boolean noExecute = config.flag("nx_huge_pages");
    boolean tdx = config.flag("tdx");
    if (!accessedDirty) {
      throw new UnsupportedException("access tracking without A and D (ad_bits 0)");
    }
    if (noExecute) {
      throw new UnsupportedException("the NX mitigation (nx_huge_pages 1)");
    }
    if (levels != Geometry.FOUR_LEVEL.levels() && levels != Geometry.FIVE_LEVEL.levels()) {
      throw new UnsupportedException("a root of level " + levels);
    }
    Geometry geometry =
        levels == Geometry.FOUR_LEVEL.levels() ? Geometry.FOUR_LEVEL : Geometry.FIVE_LEVEL;
    long gfnLimit = tdx ? 1L << (sharedBit(geometry) - Geometry.PAGE_SHIFT) : geometry.gfnLimit();
    long pages = config.integer("npages", 1, gfnLimit);
    return new ScriptConfig(
        geometry, pages, config.integer("pfn_offset", 0, FRAMES - pages), tdx, gfnLimit);
  }

  /** The address bit that tells shared memory, in a TD. */
  static int sharedBit(Geometry geometry) {
    return geometry.levels() == Geometry.FOUR_LEVEL.levels() ? SHARED_BIT_48 : SHARED_BIT_52;
  }
}
