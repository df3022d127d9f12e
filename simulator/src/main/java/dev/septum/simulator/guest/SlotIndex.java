package dev.septum.simulator.guest;

import dev.septum.paging.GfnRange;
import java.util.List;

/** Finds the slot of a page. */
public final class SlotIndex {
  private SlotIndex() {}

  /**
   * The number of the slot that has a gfn; of the last that begins before it if none has.
   *
   * @param slots ascending, at least one
   */
  public static int of(long gfn, List<GfnRange> slots) {
    int low = 0;
    int high = slots.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (gfn >= slots.get(middle).start()) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
