package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.Seeds;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One stamp in each frame of the host. */
class FrameContentTest {
  private static final long LAST_FRAME = (1L << 40) - 1;

  private final FrameContent content = new FrameContent();

  @ParameterizedTest
  @ValueSource(longs = {0, 511, 512, 1L << 20, LAST_FRAME})
  void aFrameIsZeroUntilItIsWritten(long pfn) {
    assertEquals(0, content.readAcquire(pfn));
    content.writeRelease(pfn, 7);
    assertEquals(7, content.readAcquire(pfn));
    assertEquals(0, content.readAcquire(pfn ^ 1));
    content.zero(pfn);
    assertEquals(0, content.readAcquire(pfn));
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, LAST_FRAME + 1, Long.MIN_VALUE, Long.MAX_VALUE})
  void thereAreNoOtherFrames(long pfn) {
    assertThrows(IndexOutOfBoundsException.class, () -> content.readAcquire(pfn));
    assertThrows(IndexOutOfBoundsException.class, () -> content.writeRelease(pfn, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> content.zero(pfn));
  }

  @Test
  void aCopyIsWhatWasThereAndLeavesItThere() {
    content.writeRelease(0x1000, 5);
    content.writeRelease(0x2000, 6);
    content.copy(0x1000, 0x2000);
    assertEquals(5, content.readAcquire(0x2000));
    assertEquals(5, content.readAcquire(0x1000));
    content.copy(0x3000, 0x1000);
    assertEquals(0, content.readAcquire(0x1000));
  }

  /** All of the 4 PiB, of which one frame was written. */
  @Test
  void zeroingFramesThatWereNeverWrittenMakesNothing() {
    content.writeRelease(1L << 30, 1);
    content.zero(0, 1L << 31);
    assertEquals(0, content.readAcquire(1L << 30));
  }

  @Test
  void stampsAreThoseOfAMap() {
    Random random = Seeds.random("FrameContentTest");
    Map<Long, Long> model = new HashMap<>();
    for (long stamp = 1; stamp < 20_000; stamp++) {
      long pfn = frame(random);
      long other = frame(random);
      switch (random.nextInt(4)) {
        case 0 -> {
          content.copy(other, pfn);
          model.put(pfn, model.getOrDefault(other, 0L));
        }
        case 1 -> {
          long pages = 1 + random.nextLong(1200);
          content.zero(pfn, pages);
          model.keySet().removeIf(frame -> frame >= pfn && frame < pfn + pages);
        }
        default -> {
          content.writeRelease(pfn, stamp);
          model.put(pfn, stamp);
        }
      }
      assertEquals(model.getOrDefault(pfn, 0L), content.readAcquire(pfn));
      assertEquals(model.getOrDefault(other, 0L), content.readAcquire(other));
    }
  }

  private static long frame(Random random) {
    return (random.nextLong(3) << 38) + random.nextInt(2_000);
  }

  /** The one who sees a stamp sees what was written before it: chunks, and stamps in them. */
  @Test
  void whoSeesAStampSeesTheStampsBeforeIt() {
    int frames = 200_000;
    Together.run(
        () -> {
          for (int pfn = 0; pfn < frames; pfn++) {
            content.writeRelease(pfn, 1);
          }
        },
        () -> {
          for (int pfn = frames - 1; pfn > 0; pfn--) {
            if (content.readAcquire(pfn) != 0) {
              assertEquals(1, content.readAcquire(pfn - 1));
            }
          }
        });
    assertEquals(1, content.readAcquire(frames - 1));
  }

  /** Both write to chunks that neither has yet. */
  @Test
  void twoWritersOfOneChunkLoseNoStamp() {
    int frames = 200_000;
    Together.run(() -> writeEverySecond(0, frames), () -> writeEverySecond(1, frames));
    for (long pfn = 0; pfn < frames; pfn++) {
      assertEquals(pfn + 1, content.readAcquire(pfn));
    }
  }

  private void writeEverySecond(long first, long end) {
    for (long pfn = first; pfn < end; pfn += 2) {
      content.writeRelease(pfn, pfn + 1);
    }
  }
}
