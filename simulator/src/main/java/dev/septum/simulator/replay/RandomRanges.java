package dev.septum.simulator.replay;

import dev.septum.paging.GfnRange;
import dev.septum.simulator.guest.SlotIndex;
import dev.septum.simulator.input.AccessLog;
import dev.septum.vm.GuestAccess;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Ranges of guest memory by chance: of random sizes, small ones as often as large ones, where vCPUs
 * have been; one in eight anywhere. Each lies in one slot. Used by one thread.
 */
final class RandomRanges {
  private static final int ANYWHERE = 8;
  private static final int TRIES_TO_FIND_USED = 4;

  private final List<GfnRange> slots;
  private final List<? extends VcpuThread> vcpus;
  private final SplittableRandom random;
  private final int largestBits;

  /**
   * Ranges.
   *
   * @param largestBits the largest have fewer than two to this, plus one, pages
   */
  RandomRanges(
      List<GfnRange> slots,
      List<? extends VcpuThread> vcpus,
      SplittableRandom random,
      int largestBits) {
    this.slots = slots;
    this.vcpus = vcpus;
    this.random = random;
    this.largestBits = largestBits;
  }

  GfnRange next() {
    long pages = 1L << random.nextInt(largestBits + 1);
    pages += random.nextLong(pages);
    long gfn = random.nextInt(ANYWHERE) == 0 ? anyGfn() : usedGfn();
    GfnRange slot = slotOf(gfn);
    long start = Math.max(slot.start(), gfn - random.nextLong(pages));
    return new GfnRange(start, Math.min(slot.end(), start + pages));
  }

  private long anyGfn() {
    GfnRange slot = slots.get(random.nextInt(slots.size()));
    return slot.start() + random.nextLong(slot.pages());
  }

  /** A page that some vCPU has used already. */
  long usedGfn() {
    for (int tries = 0; tries < TRIES_TO_FIND_USED; tries++) {
      VcpuThread vcpu = vcpus.get(random.nextInt(vcpus.size()));
      AccessLog log = vcpu.log();
      long used = Math.min(vcpu.done(), log.size());
      if (used > 0) {
        return GuestAccess.gfn(log.get(random.nextLong(used)));
      }
    }
    return anyGfn();
  }

  GfnRange slotOf(long gfn) {
    return slots.get(SlotIndex.of(gfn, slots));
  }
}
