package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
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
          SlotLimits limits = limits(geometry, new GfnRange(start, end), pfn);
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
    SlotLimits limits = limits(geometry, range, 256 + 13);
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

  /** 4 PiB: with a count for each block that would not fit. */
  @Test
  void forbiddingTheLastBlockOfTheLargestSlotTakesLittle() {
    Geometry geometry = Geometry.FIVE_LEVEL;
    long last = geometry.gfnLimit() - 1;
    SlotLimits limits = limits(geometry, new GfnRange(0, geometry.gfnLimit()), 0);
    limits.forbid(last, 2);
    limits.forbid(last, 3);
    assertEquals(1, limits.maxMappingLevel(last, 3));
    assertEquals(3, limits.maxMappingLevel(last - BLOCK_1G, 3));
    limits.permit(last, 3);
    assertEquals(3, limits.maxMappingLevel(last, 3));
  }

  @Test
  void whatTheGuestInhibitsIsMappedSmallerUntilItIsCleared() {
    SlotLimits limits = limits(0, BLOCK_1G, 0);
    assertTrue(limits.inhibit(BLOCK_2M + 5, 2));
    assertTrue(limits.inhibit(BLOCK_2M + 5, 3));
    assertEquals(1, limits.maxMappingLevel(BLOCK_2M, 3));
    assertEquals(2, limits.maxMappingLevel(0, 3));
    assertTrue(limits.clearInhibit(BLOCK_2M, 2));
    assertEquals(2, limits.maxMappingLevel(BLOCK_2M, 3));
    assertTrue(limits.clearInhibit(0, 3));
    assertEquals(3, limits.maxMappingLevel(BLOCK_2M, 3));
  }

  @Test
  void anInhibitIsSetOnceForABlockAndClearedOnce() {
    SlotLimits limits = limits(0, 2 * BLOCK_1G, 0);
    assertFalse(limits.isInhibited(BLOCK_2M, 2));
    assertTrue(limits.inhibit(BLOCK_2M, 2));
    assertFalse(limits.inhibit(2 * BLOCK_2M - 1, 2));
    assertTrue(limits.isInhibited(BLOCK_2M + 1, 2));
    assertFalse(limits.isInhibited(BLOCK_2M - 1, 2));
    assertFalse(limits.isInhibited(2 * BLOCK_2M, 2));
    assertFalse(limits.isInhibited(BLOCK_2M, 3));
    assertTrue(limits.clearInhibit(BLOCK_2M, 2));
    assertFalse(limits.clearInhibit(BLOCK_2M, 2));
    assertFalse(limits.isInhibited(BLOCK_2M, 2));
  }

  @Test
  void inhibitsAndCountsOfABlockDoNotMeet() {
    SlotLimits limits = limits(0, BLOCK_1G, 0);
    limits.inhibit(0, 2);
    assertThrows(IllegalStateException.class, () -> limits.permit(0, 2));
    limits.forbid(0, 2);
    limits.clearInhibit(0, 2);
    assertEquals(1, limits.maxMappingLevel(0, 2));
    limits.inhibit(0, 2);
    limits.permit(0, 2);
    assertEquals(1, limits.maxMappingLevel(0, 2));
    assertTrue(limits.isInhibited(0, 2));
  }

  @Test
  void onlyLargePagesOfTheSlotAreInhibitedOrForbidden() {
    SlotLimits limits = limits(BLOCK_2M, 2 * BLOCK_2M, 0);
    for (long gfn : new long[] {-1, BLOCK_2M - 1, 2 * BLOCK_2M}) {
      assertThrows(IllegalArgumentException.class, () -> limits.inhibit(gfn, 2));
      assertThrows(IllegalArgumentException.class, () -> limits.isInhibited(gfn, 2));
      assertThrows(IllegalArgumentException.class, () -> limits.forbid(gfn, 2));
    }
    for (int level : new int[] {0, 1, 4}) {
      assertThrows(IllegalArgumentException.class, () -> limits.inhibit(BLOCK_2M, level));
      assertThrows(IllegalArgumentException.class, () -> limits.clearInhibit(BLOCK_2M, level));
      assertThrows(IllegalArgumentException.class, () -> limits.permit(BLOCK_2M, level));
    }
  }

  /** In every block of a small slot whose head and tail are parts: no mark is another's. */
  @Test
  void everyBlockOfBothLevelsHasItsOwnMark() {
    Geometry geometry = new Geometry(4, 2);
    GfnRange range = new GfnRange(13, 203);
    for (int level = 2; level <= 3; level++) {
      for (long gfn = range.start(); gfn < range.end(); gfn++) {
        SlotLimits limits = limits(geometry, range, 13);
        limits.inhibit(gfn, level);
        for (long other = range.start(); other < range.end(); other++) {
          boolean same = geometry.round(gfn, level) == geometry.round(other, level);
          assertEquals(same, limits.isInhibited(other, level));
          assertFalse(limits.isInhibited(other, 5 - level));
        }
      }
    }
  }

  @Test
  void aBlockOfPrivateAndSharedGfnsIsMappedSmaller() {
    MemoryAttributes attributes = new MemoryAttributes(Geometry.FOUR_LEVEL);
    GfnRange range = new GfnRange(0, BLOCK_1G);
    SlotLimits limits = new SlotLimits(Geometry.FOUR_LEVEL, range, 0, attributes, null);
    assertEquals(3, limits.maxMappingLevel(0, 3));
    attributes.setPrivate(new GfnRange(5, BLOCK_2M), true);
    assertEquals(1, limits.maxMappingLevel(0, 3));
    assertEquals(2, limits.maxMappingLevel(BLOCK_2M, 3));
    attributes.setPrivate(new GfnRange(0, 5), true);
    assertEquals(2, limits.maxMappingLevel(0, 3));
    attributes.setPrivate(range, true);
    assertEquals(3, limits.maxMappingLevel(0, 3));
  }

  @Test
  void noMappingIsLargerThanThePageOfTheGuestMemfd() {
    MemoryAttributes attributes = new MemoryAttributes(Geometry.FOUR_LEVEL);
    GfnRange range = new GfnRange(0, BLOCK_1G);
    GuestMemfd memfd =
        new GuestMemfd(
            Geometry.FOUR_LEVEL,
            range,
            0,
            PageLevel.LEVEL_1G,
            attributes,
            new FrameContent(),
            AllocationFaults.NONE);
    SlotLimits limits = new SlotLimits(Geometry.FOUR_LEVEL, range, 0, attributes, memfd);
    assertEquals(3, limits.maxMappingLevel(0, 3));
    memfd.split(new GfnRange(0, 1));
    assertEquals(1, limits.maxMappingLevel(0, 3));
    assertEquals(2, limits.maxMappingLevel(BLOCK_2M, 3));
    assertEquals(1, limits.maxMappingLevel(BLOCK_1G, 3), "beyond the slot");
    limits.forbid(BLOCK_2M, 2);
    assertEquals(1, limits.maxMappingLevel(BLOCK_2M, 3), "1G is allowed, but not to this page");
  }

  /** What an exit by an ACCEPT asks before it takes the lock. */
  @Test
  void anInhibitIsNotSeenBeforeTheSplit() {
    assertFalse(isInhibitSeenTooEarly(true, 200));
  }

  @Test
  void anInhibitBeforeTheSplitIsSeenTooEarly() {
    assertTrue(isInhibitSeenTooEarly(false, Integer.MAX_VALUE));
  }

  private static boolean isInhibitSeenTooEarly(boolean splitFirst, int rounds) {
    AtomicBoolean seen = new AtomicBoolean();
    for (int round = 0; round < rounds && !seen.get(); round++) {
      SlotLimits limits = limits(0, 2 * BLOCK_1G, 0);
      boolean[] isSplit = new boolean[1024];
      Crew crew = new Crew();
      crew.start(
          () -> {
            for (int block = 0; block < isSplit.length; block++) {
              isSplit[block] |= splitFirst;
              limits.inhibit(block * BLOCK_2M, 2);
              isSplit[block] = true;
            }
          });
      crew.start(
          () -> {
            for (int block = 0; block < isSplit.length; block++) {
              long gfn = block * BLOCK_2M;
              Crew.await("the inhibit", () -> limits.isInhibited(gfn, 2));
              if (!isSplit[block]) {
                seen.set(true);
              }
            }
          });
      crew.join();
    }
    return seen.get();
  }

  private static SlotLimits limits(long start, long end, long pfn) {
    return limits(Geometry.FOUR_LEVEL, new GfnRange(start, end), pfn);
  }

  private static SlotLimits limits(Geometry geometry, GfnRange range, long pfn) {
    return new SlotLimits(geometry, range, pfn, null, null);
  }
}
