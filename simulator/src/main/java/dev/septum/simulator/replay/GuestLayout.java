package dev.septum.simulator.replay;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a guest has memory, and the tree that it takes to map it.
 *
 * @param slots the ranges of memory, ascending
 * @param geometry 4 levels, or 5 if an address needs more than 48 bits
 */
public record GuestLayout(List<GfnRange> slots, Geometry geometry) {
  private static final int BLOCK_SHIFT = 30 - Geometry.PAGE_SHIFT;

  /** The layout whose slots these are. */
  public GuestLayout {
    slots = List.copyOf(slots);
  }

  private static GuestLayout of(List<GfnRange> slots) {
    long end = slots.get(slots.size() - 1).end();
    return new GuestLayout(
        slots, end <= Geometry.FOUR_LEVEL.gfnLimit() ? Geometry.FOUR_LEVEL : Geometry.FIVE_LEVEL);
  }

  /** One slot of so many bytes, from address 0 on. */
  public static GuestLayout ofMemory(long bytes) {
    return of(List.of(GfnRange.ofBytes(0, bytes)));
  }

  /**
   * A slot for every run of blocks.
   *
   * @param blocks the numbers of blocks of 1 GiB, at least one
   */
  public static GuestLayout covering(BitSet blocks) {
    List<GfnRange> slots = new ArrayList<>();
    int from = blocks.nextSetBit(0);
    while (from >= 0) {
      int to = blocks.nextClearBit(from);
      slots.add(new GfnRange((long) from << BLOCK_SHIFT, (long) to << BLOCK_SHIFT));
      from = blocks.nextSetBit(to);
    }
    return of(slots);
  }

  /**
   * The same memory in a tree that has room for a shared bit above it.
   *
   * @return null if no tree has
   */
  public @Nullable GuestLayout withSharedBit() {
    long end = slots.get(slots.size() - 1).end();
    if (end > Geometry.FIVE_LEVEL.gfnLimit() / 2) {
      return null;
    }
    return new GuestLayout(
        slots,
        end <= Geometry.FOUR_LEVEL.gfnLimit() / 2 ? Geometry.FOUR_LEVEL : Geometry.FIVE_LEVEL);
  }

  /** Pages of 4 KiB in all slots. */
  public long pages() {
    return slots.stream().mapToLong(GfnRange::pages).sum();
  }
}
