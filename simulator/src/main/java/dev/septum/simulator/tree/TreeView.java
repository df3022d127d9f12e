package dev.septum.simulator.tree;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the trees of a machine have for a range.
 *
 * @param range the range; null for everything that is mapped
 * @param rows the first rows
 * @param moreRows how many rows there are behind them
 * @param disagreeing in how many of all rows mirror and Secure EPT disagree
 */
public record TreeView(
    @Nullable GfnRange range, List<TreeRow> rows, long moreRows, long disagreeing) {
  /** A view whose rows these are. */
  public TreeView {
    rows = List.copyOf(rows);
  }

  /**
   * Looks at a machine at rest, bugged or not. Takes the exclusive MMU lock.
   *
   * @param range canonical gfns; null for everything that is mapped
   * @param limit the most rows to keep
   * @throws IllegalArgumentException if the range is beyond the guest's memory
   */
  public static TreeView of(VirtualMachine vm, @Nullable GfnRange range, int limit) {
    Folding folding = new Folding(vm.mmu().geometry(), limit);
    if (range == null) {
      GfnRange all = new GfnRange(0, vm.mmu().gfnLimit());
      TreeWalk.run(vm, all, false, folding::add);
    } else {
      TreeWalk.run(vm, vm.mmu().checkRange(range), true, folding::add);
    }
    folding.flush();
    return new TreeView(range, folding.rows, folding.moreRows, folding.disagreeing);
  }

  /** Puts rows that are alike together, and counts. */
  private static final class Folding {
    private final Geometry geometry;
    private final int limit;
    private final List<TreeRow> rows = new ArrayList<>();
    private long moreRows;
    private long disagreeing;
    private @Nullable TreeRow last;

    Folding(Geometry geometry, int limit) {
      this.geometry = geometry;
      this.limit = limit;
    }

    void add(TreeRow row) {
      TreeRow both = last == null ? null : last.followedBy(row, geometry);
      if (both == null) {
        flush();
        last = row;
      } else {
        last = both;
      }
    }

    void flush() {
      if (last == null) {
        return;
      }
      if (rows.size() < limit) {
        rows.add(last);
      } else {
        moreRows++;
      }
      disagreeing += last.agrees() ? 0 : 1;
      last = null;
    }
  }
}
