package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.Seeds;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Index arithmetic against division and remainder, in every geometry there is. */
class GeometryTest {
  private static final String ALL = "dev.septum.paging.Geometries#all";
  private static final long SEED = Seeds.seed("GeometryTest");

  @ParameterizedTest
  @MethodSource(ALL)
  void pagesOfALevelAreEntriesTimesThoseOfTheLevelBelow(Geometry geometry) {
    long expected = 1;
    for (int level = 1; level <= geometry.levels(); level++) {
      assertEquals(expected, geometry.pages(level));
      expected *= geometry.entries();
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void indexAndRoundAreQuotientAndRemainder(Geometry geometry) {
    gfns(geometry)
        .forEach(
            gfn -> {
              for (int level = 1; level <= geometry.levels(); level++) {
                long pages = geometry.pages(level);
                assertEquals(gfn / pages % geometry.entries(), geometry.index(gfn, level));
                assertEquals(gfn - gfn % pages, geometry.round(gfn, level));
              }
            });
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void theIndicesOfAllLevelsNameTheGfn(Geometry geometry) {
    gfns(geometry)
        .forEach(
            gfn -> {
              long sum = 0;
              for (int level = 1; level <= geometry.levels(); level++) {
                sum += geometry.index(gfn, level) * geometry.pages(level);
              }
              assertEquals(gfn, sum);
            });
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void theLimitIsWhatTheRootCoversButNeverBeyond52BitAddresses(Geometry geometry) {
    long covered = 1;
    for (int level = 1; level <= geometry.levels(); level++) {
      covered *= 1L << geometry.bitsPerLevel();
    }
    assertEquals(Math.min(covered, 1L << 40), geometry.gfnLimit());
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void gfnsUpToTheLimitPassAndOthersAreNamed(Geometry geometry) {
    long limit = geometry.gfnLimit();
    assertEquals(0, geometry.checkGfn(0));
    assertEquals(limit - 1, geometry.checkGfn(limit - 1));
    for (long gfn : new long[] {limit, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertEquals(
          String.format("gfn 0x%x is beyond %s, which ends at gfn 0x%x", gfn, geometry, limit),
          message(() -> geometry.checkGfn(gfn)));
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void rangesUpToTheLimitPassAndTheirFirstGfnBeyondItIsNamed(Geometry geometry) {
    long limit = geometry.gfnLimit();
    GfnRange whole = new GfnRange(0, limit);
    assertEquals(whole, geometry.checkRange(whole));
    assertDoesNotThrow(() -> geometry.checkRange(new GfnRange(limit - 1, limit)));
    assertEquals(
        message(() -> geometry.checkGfn(limit)),
        message(() -> geometry.checkRange(new GfnRange(0, limit + 1))));
    assertEquals(
        message(() -> geometry.checkGfn(limit + 7)),
        message(() -> geometry.checkRange(new GfnRange(limit + 7, limit + 9))));
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void leavesStandUpTo1GOrTheRoot(Geometry geometry) {
    assertEquals(Math.min(3, geometry.levels()), geometry.maxLeafLevel());
    for (int level = 1; level <= geometry.maxLeafLevel(); level++) {
      assertEquals(level, geometry.checkLeafLevel(level));
    }
    for (int level : new int[] {-1, 0, geometry.maxLeafLevel() + 1}) {
      assertEquals(
          String.format(
              "a leaf's level must be 1 to %d in %s, not %d",
              geometry.maxLeafLevel(), geometry, level),
          message(() -> geometry.checkLeafLevel(level)));
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void geometriesOfOneShapeAreEqual(Geometry geometry) {
    Geometry same = new Geometry(geometry.levels(), geometry.bitsPerLevel());
    assertEquals(same, geometry);
    assertEquals(same.hashCode(), geometry.hashCode());
    assertEquals(1, Geometries.all().filter(geometry::equals).count());
    assertNotEquals(geometry, (Object) geometry.toString());
  }

  @ParameterizedTest
  @CsvSource({"1, 9", "6, 9", "-1, 9", "0, 1"})
  void otherHeightsAreRefused(int levels, int bits) {
    assertEquals("levels must be 2 to 5, not " + levels, message(() -> new Geometry(levels, bits)));
  }

  @ParameterizedTest
  @CsvSource({"4, 0", "4, 10", "2, -1", "5, 64"})
  void otherWidthsAreRefused(int levels, int bits) {
    assertEquals(
        "bits per level must be 1 to 9, not " + bits, message(() -> new Geometry(levels, bits)));
  }

  @Test
  void hardwareHas4Or5LevelsOf512Entries() {
    assertEquals("4 levels of 9 bits", Geometry.FOUR_LEVEL.toString());
    assertEquals(1L << 36, Geometry.FOUR_LEVEL.gfnLimit());
    assertEquals("5 levels of 9 bits", Geometry.FIVE_LEVEL.toString());
    assertEquals(1L << 40, Geometry.FIVE_LEVEL.gfnLimit());
    assertEquals(15, Geometry.FIVE_LEVEL.index(Geometry.FIVE_LEVEL.gfnLimit() - 1, 5));
    assertEquals("2 levels of 1 bit", new Geometry(2, 1).toString());
  }

  /** Every gfn of a small geometry; of others the edges of each level and some at random. */
  private static LongStream gfns(Geometry geometry) {
    long limit = geometry.gfnLimit();
    if (limit <= 1 << 10) {
      return LongStream.range(0, limit);
    }
    LongStream edges =
        LongStream.rangeClosed(1, geometry.levels())
            .map(level -> geometry.pages((int) level))
            .flatMap(pages -> LongStream.of(pages - 1, pages, limit - pages, limit - pages - 1))
            .filter(gfn -> gfn >= 0 && gfn < limit);
    return LongStream.concat(edges, new Random(SEED).longs(1000, 0, limit));
  }

  private static String message(Runnable refused) {
    return assertThrows(IllegalArgumentException.class, refused::run).getMessage();
  }
}
