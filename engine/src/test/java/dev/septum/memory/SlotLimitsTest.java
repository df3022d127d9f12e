package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.Seeds;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How large a mapping may be at each place of a slot. */
class SlotLimitsTest {
  private static final long BLOCK_2M = 1L << 9;
  private static final long BLOCK_1G = 1L << 18;

  /** Every slot of a small tree, with frames of every alignment, against the rule as it is said. */
  @ParameterizedTest
  @CsvSource({"3, 2", "4, 1", "2, 3"})
  void aBlockIsAllowedIfItLiesInTheSlotAndIsAlignedLikeItsFrames(int levels, int bits) {
    Geometry geometry = new Geometry(levels, bits);
    long block = geometry.pages(geometry.maxLeafLevel());
    for (long start = 0; start < geometry.gfnLimit(); start++) {
      for (long end = start + 1; end <= geometry.gfnLimit(); end++) {
        for (long pfn = 64; pfn < 64 + block; pfn++) {
          SlotLimits limits = new SlotLimits(geometry, new GfnRange(start, end), pfn);
          for (long gfn = start; gfn < end; gfn++) {
            assertEquals(largest(geometry, start, end, pfn, gfn), limits.maxMappingLevel(gfn, 5));
          }
        }
      }
    }
  }

  private static int largest(Geometry geometry, long start, long end, long pfn, long gfn) {
    for (int level = geometry.maxLeafLevel(); level > 1; level--) {
      long pages = geometry.pages(level);
      long first = gfn - gfn % pages;
      boolean inside = first >= start && first + pages <= end;
      if (inside && start % pages == pfn % pages) {
        return level;
      }
    }
    return 1;
  }

  @Test
  void blocksThatStickOutAtHeadAndTailAreMappedSmaller() {
    long start = BLOCK_1G - BLOCK_2M - 1;
    long end = 2 * BLOCK_1G + BLOCK_2M + 1;
    SlotLimits limits = limits(start, end, start);
    assertEquals(1, limits.maxMappingLevel(start, 3));
    assertEquals(2, limits.maxMappingLevel(start + 1, 3));
    assertEquals(3, limits.maxMappingLevel(BLOCK_1G, 3));
    assertEquals(3, limits.maxMappingLevel(2 * BLOCK_1G - 1, 3));
    assertEquals(2, limits.maxMappingLevel(2 * BLOCK_1G, 3));
    assertEquals(1, limits.maxMappingLevel(end - 1, 3));
  }

  @Test
  void framesThatAreAlignedDifferentlyAreMappedSmaller() {
    assertEquals(1, limits(0, BLOCK_1G, 1).maxMappingLevel(0, 3));
    assertEquals(2, limits(0, BLOCK_1G, BLOCK_2M).maxMappingLevel(0, 3));
    assertEquals(3, limits(0, BLOCK_1G, BLOCK_1G).maxMappingLevel(0, 3));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aCapIsKept(int cap) {
    assertEquals(cap, limits(0, BLOCK_1G, 0).maxMappingLevel(0, cap));
  }

  @Test
  void outsideTheSlotOnly4KIsAllowed() {
    SlotLimits limits = limits(BLOCK_1G, 2 * BLOCK_1G, BLOCK_1G);
    assertEquals(1, limits.maxMappingLevel(BLOCK_1G - 1, 3));
    assertEquals(1, limits.maxMappingLevel(2 * BLOCK_1G, 3));
  }

  /** From the cap down to the first level that nobody has forbidden, not up to one. */
  @Test
  void forbidding2MAloneLeaves1GAllowed() {
    SlotLimits limits = limits(0, BLOCK_1G, 0);
    limits.forbid(BLOCK_2M, 2);
    assertEquals(3, limits.maxMappingLevel(BLOCK_2M, 3));
    assertEquals(1, limits.maxMappingLevel(BLOCK_2M, 2));
    assertEquals(2, limits.maxMappingLevel(2 * BLOCK_2M, 2));
    limits.forbid(0, 3);
    assertEquals(1, limits.maxMappingLevel(BLOCK_2M, 3));
    assertEquals(2, limits.maxMappingLevel(2 * BLOCK_2M, 3));
  }

  @Test
  void whatWasForbiddenTwiceMustBePermittedTwice() {
    SlotLimits limits = limits(0, BLOCK_1G, 0);
    limits.forbid(3 * BLOCK_2M, 2);
    limits.forbid(4 * BLOCK_2M - 1, 2);
    limits.permit(3 * BLOCK_2M + 1, 2);
    assertEquals(1, limits.maxMappingLevel(3 * BLOCK_2M, 2));
    limits.permit(3 * BLOCK_2M, 2);
    assertEquals(2, limits.maxMappingLevel(3 * BLOCK_2M, 2));
  }

  @Test
  void permittingWhatIsNotForbiddenThrowsAndChangesNothing() {
    SlotLimits limits = limits(0, BLOCK_1G, 0);
    String expected = "a 2M mapping at gfn 0x200 is not forbidden";
    assertEquals(expected, permitFails(limits));
    limits.forbid(0, 2);
    assertEquals(expected, permitFails(limits));
    limits.forbid(BLOCK_2M, 2);
    assertEquals(1, limits.maxMappingLevel(BLOCK_2M, 2));
  }

  private static String permitFails(SlotLimits limits) {
    return assertThrows(IllegalStateException.class, () -> limits.permit(BLOCK_2M, 2)).getMessage();
  }

  /** A random sequence of both, in a slot that begins and ends inside a block, against counts. */
  @Test
  void theCountsOfEachBlockAreItsOwn() {
    Random random = Seeds.random("SlotLimitsTest");
    Geometry geometry = new Geometry(4, 2);
    GfnRange range = new GfnRange(13, 203);
    SlotLimits limits = new SlotLimits(geometry, range, 256 + 13);
    int[][] counts = new int[4][256];
    for (int step = 0; step < 2000; step++) {
      long gfn = range.start() + random.nextLong(range.pages());
      int level = 2 + random.nextInt(2);
      int block = (int) (gfn / geometry.pages(level));
      if (random.nextBoolean()) {
        limits.forbid(gfn, level);
        counts[level][block]++;
      } else if (counts[level][block] > 0) {
        limits.permit(gfn, level);
        counts[level][block]--;
      }
      long asked = range.start() + random.nextLong(range.pages());
      int expected = 3;
      while (expected > 1
          && (counts[expected][(int) (asked / geometry.pages(expected))] > 0
              || geometry.round(asked, expected) < range.start()
              || geometry.round(asked, expected) + geometry.pages(expected) > range.end())) {
        expected--;
      }
      assertEquals(expected, limits.maxMappingLevel(asked, 3), "step " + step);
    }
  }

  private static SlotLimits limits(long start, long end, long pfn) {
    return new SlotLimits(Geometry.FOUR_LEVEL, new GfnRange(start, end), pfn);
  }
}
