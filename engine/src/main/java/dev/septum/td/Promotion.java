package dev.septum.td;

import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.memory.SlotLimits;
import dev.septum.mmu.MirrorMerges;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.HashSet;
import java.util.Set;

/*
 * PROMOTION
 *
 * A full mirror table of contiguous pages becomes one huge leaf, under the exclusive MMU lock: faults are
 * out, and nothing of it is in progress (a conversion between its split and its zap). BLOCK the table's entry,
 * TRACK, kick, PROMOTE; the driver does it, with one TRACK and one kick for several tables. A vCPU that touches
 * the range meanwhile exits, and waits for the lock. The module takes it only if all children are accepted, or
 * none is; else UNBLOCK, and all is as before.
 *
 * A guest that inhibits the range wants it small while it accepts it, page by page. So an inhibited range is
 * promoted only once its pages are accepted. One child tells: if the first is accepted and the module finds all
 * alike, all are. Where an ACCEPT is at that child, it is asked again with the vCPUs out: the module keeps an
 * entry that a host's call has lost from every guest, until one of the host's has won it. The mark is cleared
 * before PROMOTE and put back if that is refused, in the one exclusive hold: who looks at the mark without the
 * lock and sees it set is right, or about to wait for the lock.
 *
 * Nor is a 1G page made of pages that are not accepted: no guest can ACCEPT 1G, so its first ACCEPT would split
 * it again, and where such exits are ignored it could never accept it.
 */

/**
 * Merges private mappings into larger ones. See the essay at the top of the file.
 *
 * <p>Blocking. Refusals are no errors: what cannot be merged stays as it is.
 */
public final class Promotion {
  private final TdpMmu mmu;
  private final MemorySlots slots;
  private final MirrorDriver driver;

  /** Promotions in one machine. */
  public Promotion(TdpMmu mmu, MemorySlots slots, MirrorDriver driver) {
    this.mmu = mmu;
    this.slots = slots;
    this.driver = driver;
  }

  /**
   * Promotes what lies wholly in a range and can be, up to a level.
   *
   * @param largest 2 or 3; no mapping becomes larger than its backing
   * @return how many tables became a leaf
   */
  public long promote(Walker walker, GfnRange range, int largest) {
    return mmu.mergeMirror(walker, range, largest, slots, new Marks(PageLevel.PG_2M, false));
  }

  /**
   * Promotes the blocks of one level whose pages are accepted, and nothing smaller in them.
   *
   * @param range whole blocks
   * @param level 2 or 3
   * @return how many became a leaf
   */
  long promoteAccepted(Walker walker, GfnRange range, int level) {
    return mmu.mergeMirror(walker, range, level, slots, new Marks(level, true));
  }

  /** Says which tables are tried, and takes the guest's inhibit away meanwhile. */
  private final class Marks implements MirrorMerges {
    private final int smallest;
    private final boolean onlyAccepted;

    /** The blocks whose mark is taken away just now. */
    private final Set<Long> cleared = new HashSet<>();

    Marks(int smallest, boolean onlyAccepted) {
      this.smallest = smallest;
      this.onlyAccepted = onlyAccepted;
    }

    @Override
    public boolean begin(long gfn, int level) {
      MemorySlot slot = slots.find(gfn);
      if (slot == null || level < smallest) {
        return false;
      }
      SlotLimits limits = slot.limits();
      boolean accepted = onlyAccepted || level == PageLevel.PG_1G || limits.isInhibited(gfn, level);
      if (accepted && !driver.isAccepted(gfn, level - 1)) {
        return false;
      }
      if (limits.clearInhibit(gfn, level)) {
        cleared.add(gfn);
      }
      return true;
    }

    @Override
    public void end(long gfn, int level, boolean merged) {
      if (!cleared.remove(gfn) || merged) {
        return;
      }
      MemorySlot slot = slots.find(gfn);
      if (slot != null) {
        boolean unused = slot.limits().inhibit(gfn, level);
      }
    }
  }
}
