package dev.septum.td;

import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.MirrorMerges;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;

/*
 * PROMOTION
 *
 * A full mirror table of contiguous pages becomes one huge leaf, under the exclusive MMU lock: faults are
 * out, and nothing of it is in progress (a conversion between its split and its zap). BLOCK the table's entry,
 * TRACK, kick, PROMOTE; the driver does it. A vCPU that touches the range meanwhile exits, and waits for the
 * lock. The module takes it only if all children are accepted, or none is; else UNBLOCK, and all is as before.
 *
 * A guest that inhibits the range wants it small while it accepts it, page by page. So an inhibited range is
 * promoted only once its pages are accepted. One child tells: if the first is accepted and the module finds all
 * alike, all are. The mark is cleared before PROMOTE and put back if that is refused, in the one exclusive
 * hold: who looks at the mark without the lock and sees it set is right, or about to wait for the lock.
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
    return mmu.mergeMirror(walker, range, largest, slots, new Marks());
  }

  /** Takes the guest's inhibit away while a merge is tried. */
  private final class Marks implements MirrorMerges {
    private boolean cleared;

    @Override
    public boolean begin(long gfn, int level) {
      MemorySlot slot = slots.find(gfn);
      if (slot == null) {
        return false;
      }
      cleared = slot.limits().isInhibited(gfn, level);
      if (cleared && !driver.isAccepted(gfn, level - 1)) {
        return false;
      }
      if (cleared) {
        slot.limits().clearInhibit(gfn, level);
      }
      return true;
    }

    @Override
    public void end(long gfn, int level, boolean merged) {
      if (merged) {
        return;
      }
      MemorySlot slot = slots.find(gfn);
      if (cleared && slot != null) {
        slot.limits().inhibit(gfn, level);
      }
    }
  }
}
