package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GfnRangeTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "5, 5",
    "5, 4",
    "-1, 1",
    "-2, -1",
    "0, -9223372036854775808",
    "9223372036854775807, 0"
  })
  void whatIsEmptyBackwardOrBelowZeroIsRefused(long start, long end) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> new GfnRange(start, end));
    assertEquals(String.format("not a range of gfns: [0x%x, 0x%x)", start, end), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0, -1", "9223372036854775807, 1", "1, 9223372036854775807"})
  void pagesThatAreNoneOrTooManyAreRefused(long start, long pages) {
    assertThrows(IllegalArgumentException.class, () -> GfnRange.ofPages(start, pages));
  }

  @Test
  void pagesCountFromTheStart() {
    GfnRange range = GfnRange.ofPages(0x200, 0x10);
    assertEquals(new GfnRange(0x200, 0x210), range);
    assertEquals(0x10, range.pages());
    assertEquals("[0x200, 0x210)", range.toString());
  }

  @Test
  void bytesAreFramesOf4096() {
    assertEquals(new GfnRange(1, 3), GfnRange.ofBytes(0x1000, 0x2000));
    assertEquals(new GfnRange(0, 1L << 40), GfnRange.ofBytes(0, 1L << 52));
  }

  @ParameterizedTest
  @CsvSource({"1, 4096", "4096, 1", "4095, 4097", "2048, 4096", "0, 6144"})
  void bytesThatAreNotAlignedAreRefused(long gpa, long bytes) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> GfnRange.ofBytes(gpa, bytes));
    assertEquals(
        String.format("not aligned to 4096 bytes: address 0x%x, length 0x%x", gpa, bytes),
        e.getMessage());
  }

  @Test
  void noBytesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> GfnRange.ofBytes(0x1000, 0));
  }

  /** All pairs of ranges within eight frames, against a look at each frame. */
  @Test
  void containsAndOverlapsAreWhatTheFramesSay() {
    int frames = 8;
    for (int a = 0; a < frames; a++) {
      for (int b = a + 1; b <= frames; b++) {
        for (int c = 0; c < frames; c++) {
          for (int d = c + 1; d <= frames; d++) {
            compare(new GfnRange(a, b), new GfnRange(c, d), frames);
          }
        }
      }
    }
  }

  private static void compare(GfnRange one, GfnRange other, int frames) {
    boolean contains = true;
    boolean overlaps = false;
    for (int gfn = 0; gfn < frames; gfn++) {
      boolean inOne = gfn >= one.start() && gfn < one.end();
      boolean inOther = gfn >= other.start() && gfn < other.end();
      assertEquals(inOne, one.contains(gfn));
      contains &= inOne || !inOther;
      overlaps |= inOne && inOther;
    }
    assertEquals(contains, one.contains(other));
    assertEquals(overlaps, one.overlaps(other));
  }

  @Test
  void aRangeContainsItsFirstGfnButNotItsEnd() {
    GfnRange range = new GfnRange(3, 5);
    assertTrue(range.contains(3));
    assertFalse(range.contains(5));
    assertFalse(range.contains(2));
    assertFalse(range.contains(-1));
  }
}
