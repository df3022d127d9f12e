package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Seeds;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a frame was taken away, as seen by whoever noted the clock. */
class FrameTagsTest {
  private static final long REGION = 1L << 18;
  private static final long LAST_FRAME = (1L << 40) - 1;

  private final FrameTags tags = new FrameTags();

  @ParameterizedTest
  @ValueSource(longs = {0, 511, 512, 1L << 18, LAST_FRAME})
  void aFrameThatWasNeverTakenAwayIsNotYounger(long pfn) {
    assertFalse(tags.isYounger(pfn, tags.clock()));
    assertFalse(tags.isYounger(pfn, 0));
  }

  @Test
  void aTranslationFromBeforeIsStaleAndOneFromAfterIsNot() {
    long before = tags.clock();
    takeAway(0x1234, 1);
    long after = tags.clock();
    assertTrue(after > before);
    assertTrue(tags.isYounger(0x1234, before));
    assertFalse(tags.isYounger(0x1234, after));
  }

  /** It walked after the unmapping: what it found, it found rightly. */
  @Test
  void aTranslationFromAfterTheTickIsNotStaleThoughTheTagComesLater() {
    tags.advance();
    long duringTheFlush = tags.clock();
    tags.tag(0x1234, 1);
    assertEquals(duringTheFlush, tags.clock());
    assertFalse(tags.isYounger(0x1234, duringTheFlush));
  }

  /** Parts of blocks of 512, whole blocks, both, and what crosses a region of 2^18. */
  @ParameterizedTest
  @CsvSource({
    "0, 1",
    "511, 1",
    "511, 2",
    "512, 512",
    "0, 1024",
    "100, 1000",
    "513, 511",
    "512, 513",
    "262143, 2",
    "261632, 1024",
    "262100, 600"
  })
  void exactlyTheFramesOfTheRangeAreTagged(long pfn, long pages) {
    long before = tags.clock();
    takeAway(pfn, pages);
    for (long frame = Math.max(0, pfn - 600); frame < pfn + pages + 600; frame++) {
      assertEquals(frame >= pfn && frame < pfn + pages, tags.isYounger(frame, before));
    }
  }

  @Test
  void theLastFrameThereIsCanBeTagged() {
    long before = tags.clock();
    takeAway(LAST_FRAME, 1);
    assertTrue(tags.isYounger(LAST_FRAME, before));
    assertFalse(tags.isYounger(LAST_FRAME - 1, before));
    assertFalse(tags.isYounger(LAST_FRAME - (1L << 18), before));
  }

  @Test
  void aTagOfAPartDoesNotHideAnEarlierOneOfTheBlockNorTheOtherWayRound() {
    long first = tags.clock();
    takeAway(512, 512);
    long second = tags.clock();
    takeAway(600, 1);
    long third = tags.clock();
    assertTrue(tags.isYounger(700, first));
    assertFalse(tags.isYounger(700, second));
    assertTrue(tags.isYounger(600, second));
    assertFalse(tags.isYounger(600, third));
    takeAway(512, 512);
    assertTrue(tags.isYounger(600, third));
    assertTrue(tags.isYounger(700, third));
  }

  @Test
  void whatIsGivenUpForGoodIsYoungerThanAnythingAndItsNeighboursAreNot() {
    takeAway(REGION, 1);
    tags.retire(REGION, 2 * REGION);
    long after = tags.clock();
    assertTrue(tags.isYounger(REGION, after));
    assertTrue(tags.isYounger(3 * REGION - 1, Long.MAX_VALUE - 1));
    assertFalse(tags.isYounger(REGION - 1, 0));
    assertFalse(tags.isYounger(3 * REGION, 0));
    assertThrows(IllegalStateException.class, () -> tags.tag(REGION, 1));
  }

  @Test
  void aRegionOfWhichAPartIsLeftKeepsItsTags() {
    takeAway(REGION, 1);
    tags.retire(REGION, REGION - 1);
    tags.retire(REGION + 1, REGION - 1);
    assertFalse(tags.isYounger(REGION, tags.clock()));
    assertFalse(tags.isYounger(REGION + 5, 0));
  }

  /** Random ranges around a few places far apart, against a tick for each frame. */
  @Test
  void tagsAreThoseOfAMapOfFrames() {
    Random random = Seeds.random("FrameTagsTest");
    long[] places = {0, 3 * 512 - 20, (1L << 18) - 700, 5L << 18, (1L << 24) + 77};
    Map<Long, Long> model = new HashMap<>();
    for (int step = 0; step < 300; step++) {
      long pfn = places[random.nextInt(places.length)] + random.nextInt(1500);
      long pages = random.nextBoolean() ? 1 + random.nextInt(20) : 1 + random.nextInt(1500);
      if (random.nextInt(3) == 0) {
        pfn &= -512;
      }
      takeAway(pfn, pages);
      for (long frame = pfn; frame < pfn + pages; frame++) {
        model.put(frame, tags.clock());
      }
      for (int i = 0; i < 200; i++) {
        long frame = places[random.nextInt(places.length)] + random.nextInt(3500);
        long than = random.nextLong(tags.clock() + 1);
        assertEquals(model.getOrDefault(frame, 0L) > than, tags.isYounger(frame, than));
      }
    }
  }

  private void takeAway(long pfn, long pages) {
    tags.advance();
    tags.tag(pfn, pages);
  }
}
