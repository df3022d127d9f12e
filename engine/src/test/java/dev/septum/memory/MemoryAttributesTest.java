package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which gfns are private, and which blocks are uniformly so. */
class MemoryAttributesTest {
  private static final long BLOCK_2M = 1L << 9;
  private static final long BLOCK_1G = 1L << 18;

  private final MemoryAttributes attributes = new MemoryAttributes(Geometry.FOUR_LEVEL);

  @ParameterizedTest
  @ValueSource(longs = {0, BLOCK_2M, BLOCK_1G, (1L << 36) - 1})
  void allIsSharedAtFirstAndUniform(long gfn) {
    assertFalse(attributes.isPrivate(gfn));
    assertTrue(attributes.isUniform(gfn, 2));
    assertTrue(attributes.isUniform(gfn, 3));
  }

  @Test
  void exactlyTheRangeBecomesPrivate() {
    assertEquals(700, attributes.setPrivate(new GfnRange(500, 1200), true));
    for (long gfn = 0; gfn < 2000; gfn++) {
      assertEquals(gfn >= 500 && gfn < 1200, attributes.isPrivate(gfn));
    }
  }

  @Test
  void aBlockIsMixedAsLongAsOneGfnOfItDiffers() {
    attributes.setPrivate(new GfnRange(0, 2 * BLOCK_1G), true);
    assertTrue(attributes.isUniform(0, 3));
    attributes.setPrivate(GfnRange.ofPages(BLOCK_2M + 7, 1), false);
    assertFalse(attributes.isUniform(0, 3));
    assertFalse(attributes.isUniform(BLOCK_2M, 2));
    assertTrue(attributes.isUniform(BLOCK_2M, 1));
    assertTrue(attributes.isUniform(BLOCK_2M - 1, 2));
    assertTrue(attributes.isUniform(2 * BLOCK_2M, 2));
    assertTrue(attributes.isUniform(BLOCK_1G, 3));
    attributes.setPrivate(GfnRange.ofPages(BLOCK_2M + 7, 1), true);
    assertTrue(attributes.isUniform(BLOCK_2M, 2));
    assertTrue(attributes.isUniform(0, 3));
  }

  /** Uniform blocks of two kinds do not make a uniform larger one. */
  @Test
  void aBlockOfUniformBlocksCanBeMixed() {
    attributes.setPrivate(new GfnRange(0, BLOCK_2M), true);
    assertTrue(attributes.isUniform(0, 2));
    assertTrue(attributes.isUniform(BLOCK_2M, 2));
    assertFalse(attributes.isUniform(0, 3));
  }

  @Test
  void whatIsSoAlreadyIsNotCounted() {
    attributes.setPrivate(new GfnRange(100, 200), true);
    assertEquals(0, attributes.setPrivate(new GfnRange(100, 200), true));
    assertEquals(BLOCK_1G - 100, attributes.setPrivate(new GfnRange(0, BLOCK_1G), true));
    assertEquals(50, attributes.setPrivate(new GfnRange(150, 200), false));
    assertEquals(BLOCK_1G - 50, attributes.setPrivate(new GfnRange(0, 2 * BLOCK_1G), false));
  }

  /** 4 PiB: with storage for each block that would not fit. */
  @Test
  void aWholeTreeOfOneKindTakesLittle() {
    MemoryAttributes large = new MemoryAttributes(Geometry.FIVE_LEVEL);
    long gfns = Geometry.FIVE_LEVEL.gfnLimit();
    assertEquals(gfns, large.setPrivate(new GfnRange(0, gfns), true));
    assertEquals(gfns - 2, large.setPrivate(new GfnRange(1, gfns - 1), false));
    assertTrue(large.isPrivate(gfns - 1));
    assertFalse(large.isUniform(gfns - 1, 2));
    assertTrue(large.isUniform(gfns / 2, 3));
  }

  @Test
  void whatIsBeyondTheTreeIsRefused() {
    long gfns = Geometry.FOUR_LEVEL.gfnLimit();
    assertThrows(
        IllegalArgumentException.class,
        () -> attributes.setPrivate(new GfnRange(gfns - 1, gfns + 1), true));
    assertThrows(IndexOutOfBoundsException.class, () -> attributes.isPrivate(gfns));
    assertThrows(IndexOutOfBoundsException.class, () -> attributes.isPrivate(-1));
    assertThrows(IllegalArgumentException.class, () -> attributes.isUniform(0, 4));
    assertFalse(attributes.isPrivate(gfns - 1));
  }

  /** What is checked against the model, and ways in which it can be wrong. */
  private enum Subject {
    FAITHFUL,
    LAST_GFN_FORGOTTEN,
    COUNTS_THE_RANGE,
    LARGE_BLOCK_BY_ITS_FIRST_SMALL_ONE;

    long set(MemoryAttributes attributes, GfnRange range, boolean isPrivate) {
      boolean isShort = this == LAST_GFN_FORGOTTEN && range.pages() > 1;
      long changed =
          attributes.setPrivate(
              isShort ? new GfnRange(range.start(), range.end() - 1) : range, isPrivate);
      return this == COUNTS_THE_RANGE ? range.pages() : changed;
    }

    boolean isUniform(MemoryAttributes attributes, long gfn, int level) {
      return attributes.isUniform(gfn, this == LARGE_BLOCK_BY_ITS_FIRST_SMALL_ONE ? 2 : level);
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "3, 1", "2, 3", "3, 2", "5, 2", "3, 4", "2, 7", "2, 8"})
  void attributesAreThoseOfABitForEachGfn(int levels, int bits) {
    assertEquals("", firstDifference(new Geometry(levels, bits), Subject.FAITHFUL));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FAITHFUL")
  void attributesThatAreWrongAreFound(Subject broken) {
    assertNotEquals("", firstDifference(new Geometry(3, 2), broken));
  }

  private static String firstDifference(Geometry geometry, Subject subject) {
    Random random = Seeds.random("MemoryAttributesTest");
    MemoryAttributes attributes = new MemoryAttributes(geometry);
    BitSet model = new BitSet();
    int gfns = (int) geometry.gfnLimit();
    for (int step = 0; step < 1_000; step++) {
      GfnRange range = range(random, geometry);
      boolean isPrivate = random.nextBoolean();
      BitSet before = (BitSet) model.clone();
      model.set((int) range.start(), (int) range.end(), isPrivate);
      before.xor(model);
      if (before.cardinality() != subject.set(attributes, range, isPrivate)) {
        return "step " + step + ": the count of " + range;
      }
      for (int i = 0; i < 100; i++) {
        int gfn = gfns <= 100 ? i % gfns : random.nextInt(gfns);
        if (model.get(gfn) != attributes.isPrivate(gfn)) {
          return "step " + step + ": gfn " + gfn;
        }
        for (int level = 1; level <= geometry.maxLeafLevel(); level++) {
          if (isUniform(model, geometry, gfn, level) != subject.isUniform(attributes, gfn, level)) {
            return "step " + step + ": the block of gfn " + gfn + " at level " + level;
          }
        }
      }
    }
    return "";
  }

  private static boolean isUniform(BitSet model, Geometry geometry, int gfn, int level) {
    int first = (int) geometry.round(gfn, level);
    int end = first + (int) geometry.pages(level);
    return model.get(first) ? model.nextClearBit(first) >= end : nextSetBit(model, first) >= end;
  }

  private static int nextSetBit(BitSet model, int from) {
    int next = model.nextSetBit(from);
    return next < 0 ? Integer.MAX_VALUE : next;
  }

  /** Any range, or one of whole blocks. */
  private static GfnRange range(Random random, Geometry geometry) {
    long one = random.nextLong(geometry.gfnLimit());
    long other = random.nextLong(geometry.gfnLimit());
    int level = 1 + random.nextInt(geometry.maxLeafLevel());
    long last = geometry.round(Math.max(one, other), level) + geometry.pages(level);
    return new GfnRange(geometry.round(Math.min(one, other), level), last);
  }

  /** How a change is made of one that spares a gfn in the midst of it. */
  private enum Change {
    IN_PLACE,
    /** All anew: the gfn that is spared is not so for a moment. */
    ANEW;

    void set(MemoryAttributes attributes, GfnRange range, boolean isPrivate, long spared) {
      if (this == ANEW) {
        attributes.setPrivate(GfnRange.ofPages(spared, 1), isPrivate);
      }
      if (range.start() < spared) {
        attributes.setPrivate(
            new GfnRange(range.start(), Math.min(spared, range.end())), isPrivate);
      }
      if (spared + 1 < range.end()) {
        attributes.setPrivate(
            new GfnRange(Math.max(spared + 1, range.start()), range.end()), isPrivate);
      }
      if (this == ANEW) {
        attributes.setPrivate(GfnRange.ofPages(spared, 1), !isPrivate);
      }
    }
  }

  /** Blocks and regions around it are made, filled and dropped all the time. */
  @Test
  void aGfnThatNoChangeTouchesIsNeverSeenChanged() {
    assertFalse(isSeenChanged(Change.IN_PLACE, 30_000));
  }

  @Test
  void aChangeThatIsMadeAnewIsSeen() {
    assertTrue(isSeenChanged(Change.ANEW, Integer.MAX_VALUE));
  }

  /** One thread changes all but two gfns; another looks at the two, without a lock. */
  private static boolean isSeenChanged(Change change, int rounds) {
    Geometry geometry = new Geometry(4, 2);
    MemoryAttributes attributes = new MemoryAttributes(geometry);
    long alwaysPrivate = 21;
    long alwaysShared = 42;
    attributes.setPrivate(GfnRange.ofPages(alwaysPrivate, 1), true);
    long seed = Seeds.seed("MemoryAttributesTest");
    AtomicBoolean over = new AtomicBoolean();
    AtomicBoolean seen = new AtomicBoolean();
    Crew crew = new Crew();
    crew.start(
        () -> {
          Random random = new Random(seed);
          for (int round = 0; round < rounds && !seen.get(); round++) {
            long first = 16 + random.nextLong(16);
            GfnRange range = new GfnRange(first, first + 1 + random.nextLong(32 - first));
            change.set(attributes, range, false, alwaysPrivate);
            attributes.setPrivate(new GfnRange(16, 32), true);
            GfnRange above = new GfnRange(range.start() + 16, range.end() + 16);
            change.set(attributes, above, true, alwaysShared);
            attributes.setPrivate(new GfnRange(32, alwaysShared + 1), false);
          }
          over.set(true);
        });
    crew.start(
        () -> {
          while (!over.get()) {
            if (!attributes.isPrivate(alwaysPrivate) || attributes.isPrivate(alwaysShared)) {
              seen.set(true);
            }
          }
        });
    crew.join();
    return seen.get();
  }
}
