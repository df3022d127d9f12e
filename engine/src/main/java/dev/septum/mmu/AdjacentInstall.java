package dev.septum.mmu;

import dev.septum.paging.EntryPlace;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import dev.septum.trace.MmuCounter;
import dev.septum.trace.MmuCounters;

/**
 * The commonest fault, in few stores and one fence: a 4K page of the direct root, in the table that
 * the walker's last new leaf of 4K stands in, and whose entry is empty.
 *
 * <p>It does what {@link FaultPath#handle} would do, by the same checks in the same order, or
 * nothing; then the fault is FaultPath's. It links nothing and owes no flush, so it wants neither
 * tables nor a {@link RangeHold}.
 */
final class AdjacentInstall {
  private final MmuLock lock;
  private final Geometry geometry;
  private final boolean presetDirty;
  private final Invalidation invalidation;
  private final MachineHealth health;

  AdjacentInstall(
      MmuLock lock,
      Geometry geometry,
      Invalidation invalidation,
      MachineHealth health,
      MmuOptions options) {
    this.lock = lock;
    this.geometry = geometry;
    this.presetDirty = options.presetDirty();
    this.invalidation = invalidation;
    this.health = health;
  }

  /**
   * Maps the page, or does nothing. Takes lock and section, and leaves them.
   *
   * <p>What can be known before is looked up before: the loads behind the lock's fence wait for it,
   * so there are only those that must be there, and hardly one that waits for another.
   *
   * @param root the direct one
   * @return whether the fault is FIXED
   */
  boolean tryMap(Walker walker, Root root, PageFault fault) {
    EntryPlace place = walker.place;
    long gfn = fault.gfn();
    int slot = place.adjacentSlot(gfn | root.gfnBits());
    if (slot < 0 || !fault.hasFrame()) {
      return false;
    }
    long leaf = fault.leaf(geometry, PageLevel.PG_4K, Spte.EMPTY, presetDirty);
    boolean isOnlyFor4k = fault.isOnlyFor4k();
    long sequence = fault.sequence();
    MachineHealth sound = health;
    Invalidation invalidations = invalidation;
    MmuCounters.Stripe counters = walker.counters;
    MmuLock mmuLock = lock;
    ReadSection section = walker.section;
    long stamp = mmuLock.lockShared(section);
    try {
      if (!place.hasAdjacent()
          || !sound.isUsable()
          || invalidations.mustRetry(sequence, gfn, 1)
          || (!isOnlyFor4k && fault.largestAllowed(geometry) != PageLevel.PG_4K)
          || !EntryProtocol.installAdjacent(counters, place, slot, leaf)) {
        return false;
      }
    } finally {
      mmuLock.unlockShared(section, stamp);
    }
    counters.increment(MmuCounter.FAULTS_FIXED);
    fault.setGoal(PageLevel.PG_4K);
    fault.setMapped(PageLevel.PG_4K);
    return true;
  }
}
