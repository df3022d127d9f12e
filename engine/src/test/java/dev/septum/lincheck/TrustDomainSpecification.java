package dev.septum.lincheck;

/**
 * What a trust domain of one block of two private pages is to do, one operation after the other.
 * Written from the state table of the TDX module (docs/tdx-state-table.md) and docs/promotion.md.
 *
 * <p>The block is one leaf, or a table of two; each page is PENDING until it is accepted.
 */
public class TrustDomainSpecification {
  static final String SUCCESS = "SUCCESS";

  private boolean large = true;
  private final boolean[] accepted = new boolean[TreeSpecification.BLOCK];

  /** One leaf that waits to be accepted. */
  public TrustDomainSpecification() {}

  static String refused(int level) {
    return "PAGE_ALREADY_ACCEPTED at " + level;
  }

  static String block(int level, boolean first, boolean second) {
    return "level " + level + (first ? " MAPPED" : " PENDING") + (second ? " MAPPED" : " PENDING");
  }

  private int level() {
    return large ? 2 : 1;
  }

  /**
   * TDG.MEM.PAGE.ACCEPT of 4K: below a leaf that is PENDING the host splits that, and it goes on.
   */
  public String accept(int thread, int gfn) {
    if (accepted[gfn]) {
      return refused(level());
    }
    large = false;
    accepted[gfn] = true;
    return SUCCESS;
  }

  /** Whether the guest may touch a page. */
  public boolean touch(int thread, int gfn) {
    return accepted[gfn];
  }

  /** The host splits the block, if it must. */
  public void demote(int thread) {
    large = false;
  }

  /** Tables promoted: pages that are all accepted, or none. */
  public int promote(int thread) {
    if (large || accepted[0] != accepted[1]) {
      return 0;
    }
    large = true;
    return 1;
  }

  /** What the pages are mapped by, when nothing runs. */
  public String look(int thread, int block) {
    return block == 0 ? block(level(), accepted[0], accepted[1]) : "";
  }
}
