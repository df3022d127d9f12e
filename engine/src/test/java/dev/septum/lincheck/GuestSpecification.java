package dev.septum.lincheck;

/**
 * What a guest of two private pages is to be told, one operation after the other: whether it has
 * accepted each. How the host maps them does not matter.
 */
public class GuestSpecification {
  private final boolean[] accepted = {true, false};

  /** Two pages, of which the first is accepted. */
  public GuestSpecification() {}

  static String block(boolean first, boolean second) {
    return (first ? "MAPPED" : "PENDING") + (second ? " MAPPED" : " PENDING");
  }

  /** TDG.MEM.PAGE.ACCEPT; whether the page was not accepted yet. */
  public boolean accept(int thread, int gfn) {
    boolean first = !accepted[gfn];
    accepted[gfn] = true;
    return first;
  }

  /** Whether the guest may touch the page. */
  public boolean touch(int thread, int gfn) {
    return accepted[gfn];
  }

  /** The host's own business. */
  public void demote(int thread) {}

  /** The host's own business. */
  public void promote(int thread) {}

  /** Takes the pages away. */
  public void zap(int thread) {
    accepted[0] = false;
    accepted[1] = false;
  }

  /** What the guest may touch, when nothing runs. */
  public String look(int thread, int block) {
    return block == 0 ? block(accepted[0], accepted[1]) : "";
  }
}
