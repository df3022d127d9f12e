package dev.septum.simulator.replay;

import dev.septum.paging.GfnRange;
import dev.septum.simulator.guest.GuestMemory;
import dev.septum.vm.TrustDomainHost;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Ends what a guest has in its private memory, and tells the guest's memory so. One range at a time
 * is shared. Used by one thread; no other takes pages of its area.
 *
 * <p>{@link Injection#OVER_ZAP} takes a page more than the guest's memory is told of, for the check
 * of lost data to find.
 */
public final class MemoryTaker {
  private final TrustDomainHost host;
  private final GuestMemory memory;
  private final SplittableRandom random;
  private final double overZap;

  /** What is shared, as far as the guest knows. */
  private @Nullable GfnRange shared;

  /** What is shared. */
  private GfnRange taken = new GfnRange(0, 1);

  private long overZapped;

  /**
   * Nothing is shared yet.
   *
   * @param random decides which range becomes too large
   * @param overZap with which probability one does
   */
  public MemoryTaker(
      TrustDomainHost host, GuestMemory memory, SplittableRandom random, double overZap) {
    this.host = host;
    this.memory = memory;
    this.random = random;
    this.overZap = overZap;
  }

  /**
   * Makes a range shared; what was shared before is brought back first.
   *
   * @param area what the range lies in
   * @return how many private leaves were removed
   */
  public long convertToShared(GfnRange range, GfnRange area) {
    long unused = bringBack();
    taken = orTooMuch(range, area);
    long removed = take(range, () -> host.convertToShared(taken));
    shared = range;
    return removed;
  }

  /**
   * Makes what is shared private again.
   *
   * @return how many shared leaves were removed; negative if nothing is shared
   */
  public long bringBack() {
    GfnRange range = shared;
    if (range == null) {
      return -1;
    }
    long removed = take(range, () -> host.convertToPrivate(taken));
    shared = null;
    return removed;
  }

  /**
   * Punches a hole.
   *
   * @param area what the range lies in
   * @return how many leaves were removed
   */
  public long punchHole(GfnRange range, GfnRange area) {
    GfnRange hole = orTooMuch(range, area);
    return take(range, () -> host.punchHole(hole));
  }

  /**
   * Takes pages in any other way.
   *
   * @return what {@code how} returns
   */
  public long take(GfnRange told, LongSupplier how) {
    memory.beginTaking(told);
    long count = how.getAsLong();
    memory.endTaking(told);
    return count;
  }

  private GfnRange orTooMuch(GfnRange range, GfnRange area) {
    if (random.nextDouble() >= overZap || range.end() == area.end()) {
      return range;
    }
    overZapped++;
    return new GfnRange(range.start(), range.end() + 1);
  }

  /** What is shared just now; null if nothing is. */
  public @Nullable GfnRange shared() {
    return shared;
  }

  /** How often too much was taken; exact for its thread, and after a join. */
  public long overZapped() {
    return overZapped;
  }
}
