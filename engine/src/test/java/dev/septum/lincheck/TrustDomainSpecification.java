package dev.septum.lincheck;

/**
 * What a trust domain of one block of two private pages is to do, one operation after the other.
 * Written from the state table of the TDX module (docs/tdx-state-table.md) and docs/promotion.md.
 *
 * <p>The block is a table of two pages, or, when both are accepted and promoted, one leaf. The
 * first is accepted, the second PENDING until it is.
 */
public class TrustDomainSpecification {
  static final String SUCCESS = "SUCCESS";
  static final String TOO_LARGE = "PAGE_SIZE_MISMATCH";

  private boolean large;
  private boolean accepted;

  /** A table, of whose pages the first is accepted. */
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

  /** TDG.MEM.PAGE.ACCEPT of the second page. */
  public String accept(int thread) {
    if (accepted) {
      return refused(level());
    }
    accepted = true;
    return SUCCESS;
  }

  /** TDG.MEM.PAGE.ACCEPT of 2M. */
  public String acceptLarge(int thread) {
    return large ? refused(level()) : TOO_LARGE;
  }

  /** Whether the guest may touch the second page. */
  public boolean touch(int thread) {
    return accepted;
  }

  /** Leaves split by the host. */
  public int demote(int thread) {
    int split = large ? 1 : 0;
    large = false;
    return split;
  }

  /** Tables promoted: not if the guest has accepted one in part. */
  public int promote(int thread) {
    if (large || !accepted) {
      return 0;
    }
    large = true;
    return 1;
  }

  /** What the pages are mapped by, when nothing runs. */
  public String look(int thread, int block) {
    return block == 0 ? block(level(), true, accepted) : "";
  }
}
