package dev.septum.simulator.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where the guest has memory. */
class GuestLayoutTest {
  private static final long GIB = 1L << 18; // pages

  @Test
  void adjacentBlocksAreOneSlot() {
    assertEquals(
        List.of(new GfnRange(0, 2 * GIB), new GfnRange(5 * GIB, 6 * GIB)),
        GuestLayout.covering(blocks(0, 1, 5)).slots());
    assertEquals(3 * GIB, GuestLayout.covering(blocks(0, 1, 5)).pages());
  }

  @Test
  void addressesBeyond48BitsWantFiveLevels() {
    int last = 1 << 18; // the first block that 48 bits do not reach
    assertEquals(Geometry.FOUR_LEVEL, GuestLayout.covering(blocks(last - 1)).geometry());
    assertEquals(Geometry.FIVE_LEVEL, GuestLayout.covering(blocks(0, last)).geometry());
    assertEquals(1L << 40, GuestLayout.covering(blocks((1 << 22) - 1)).slots().get(0).end());
  }

  @Test
  void memoryIsOneSlot() {
    assertEquals(List.of(new GfnRange(0, 3)), GuestLayout.ofMemory(3 << 12).slots());
    assertEquals(Geometry.FOUR_LEVEL, GuestLayout.ofMemory(1L << 48).geometry());
    assertEquals(Geometry.FIVE_LEVEL, GuestLayout.ofMemory((1L << 48) + 4096).geometry());
  }

  private static BitSet blocks(int... numbers) {
    BitSet blocks = new BitSet();
    for (int number : numbers) {
      blocks.set(number);
    }
    return blocks;
  }
}
