package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The frames of a trust domain's slot: their orders, and which of them are there. */
class GuestMemfdTest {
  private static final long BLOCK_2M = 1L << 9;
  private static final long BLOCK_1G = 1L << 18;

  private final MemoryAttributes attributes = new MemoryAttributes(Geometry.FOUR_LEVEL);
  private final FrameContent content = new FrameContent();
  private final AtomicInteger asked = new AtomicInteger();
  private boolean memoryIsShort;
  private Runnable whileAllocating = () -> {};

  // Orders.

  @Test
  void ordersAreAtFirstTheLargestThatHeadAndTailAllow() {
    long start = BLOCK_1G - BLOCK_2M - 1;
    long end = 2 * BLOCK_1G + BLOCK_2M + 1;
    GuestMemfd memfd = memfd(start, end, start, PageLevel.LEVEL_1G);
    assertEquals(1, memfd.level(start));
    assertEquals(2, memfd.level(start + 1));
    assertEquals(3, memfd.level(BLOCK_1G));
    assertEquals(3, memfd.level(2 * BLOCK_1G - 1));
    assertEquals(2, memfd.level(2 * BLOCK_1G));
    assertEquals(1, memfd.level(end - 1));
  }

  @ParameterizedTest
  @CsvSource({
    "0, LEVEL_1G, 3",
    "0, LEVEL_2M, 2",
    "0, LEVEL_4K, 1",
    "512, LEVEL_1G, 2",
    "1, LEVEL_1G, 1"
  })
  void noOrderIsLargerThanTheWantedBackingAndTheAlignmentAllow(
      long pfn, PageLevel backing, int level) {
    assertEquals(level, memfd(0, BLOCK_1G, pfn, backing).level(BLOCK_2M));
  }

  @Test
  void aSplitTakesTheHeadAndTheTailOfARangeDownTo4KAndTheRestOf1GTo2M() {
    GuestMemfd memfd = memfd1G();
    assertEquals(3, memfd.split(new GfnRange(BLOCK_2M + 1, 4 * BLOCK_2M + 1)));
    assertEquals(2, memfd.level(0));
    assertEquals(1, memfd.level(BLOCK_2M));
    assertEquals(1, memfd.level(2 * BLOCK_2M - 1));
    assertEquals(2, memfd.level(2 * BLOCK_2M));
    assertEquals(1, memfd.level(4 * BLOCK_2M));
    assertEquals(2, memfd.level(5 * BLOCK_2M));
    assertEquals(3, memfd.level(BLOCK_1G));
  }

  @Test
  void aRangeOfWholeBlocksSplitsNoneOfThem() {
    GuestMemfd memfd = memfd1G();
    assertEquals(0, memfd.split(new GfnRange(0, BLOCK_1G)));
    assertEquals(1, memfd.split(new GfnRange(BLOCK_2M, 2 * BLOCK_2M)));
    assertEquals(2, memfd.level(BLOCK_2M));
    assertEquals(3, memfd.level(BLOCK_1G));
  }

  @Test
  void aBlockThatHoldsHeadAndTailIsSplitOnce() {
    GuestMemfd memfd = memfd1G();
    assertEquals(2, memfd.split(new GfnRange(5, 6)));
    assertEquals(0, memfd.split(new GfnRange(7, 9)));
  }

  @Test
  void whatIsAllocatedAndOfOneKindIsMergedAgain() {
    GuestMemfd memfd = memfd1G();
    memfd.allocate(0);
    memfd.split(new GfnRange(BLOCK_2M + 5, BLOCK_2M + 6));
    assertEquals(0, memfd.merge(new GfnRange(1, 2 * BLOCK_2M - 1)));
    assertEquals(1, memfd.merge(new GfnRange(BLOCK_2M, BLOCK_1G)));
    assertEquals(2, memfd.level(BLOCK_2M + 5));
    assertEquals(1, memfd.merge(new GfnRange(0, BLOCK_1G)));
    assertEquals(3, memfd.level(BLOCK_2M + 5));
    assertEquals(0, memfd.merge(new GfnRange(0, BLOCK_1G)));
  }

  @Test
  void aBlockWithAHoleIsNotMerged() {
    GuestMemfd memfd = memfd1G();
    memfd.allocate(0);
    GfnRange hole = new GfnRange(5, 6);
    memfd.split(hole);
    memfd.punch(hole);
    assertEquals(0, memfd.merge(new GfnRange(0, BLOCK_1G)));
    memfd.allocate(5);
    assertEquals(2, memfd.merge(new GfnRange(0, BLOCK_1G)));
  }

  @Test
  void aBlockOfTwoKindsIsNotMerged() {
    GuestMemfd memfd = memfd1G();
    memfd.allocate(0);
    GfnRange shared = new GfnRange(BLOCK_2M + 5, BLOCK_2M + 6);
    attributes.setPrivate(new GfnRange(0, BLOCK_1G), true);
    memfd.split(shared);
    attributes.setPrivate(shared, false);
    assertEquals(0, memfd.merge(new GfnRange(0, BLOCK_1G)));
    attributes.setPrivate(new GfnRange(BLOCK_2M, 2 * BLOCK_2M), false);
    assertEquals(1, memfd.merge(new GfnRange(0, BLOCK_1G)), "2M is of one kind, 1G is not");
    attributes.setPrivate(new GfnRange(0, BLOCK_1G), false);
    assertEquals(1, memfd.merge(new GfnRange(0, BLOCK_1G)));
  }

  // Holes.

  @Test
  void theFirstFaultAllocatesAllThatThePageBacks() {
    GuestMemfd memfd = memfd(0, BLOCK_1G, 0, PageLevel.LEVEL_2M);
    assertFalse(memfd.isAllocated(BLOCK_2M));
    assertTrue(memfd.allocate(BLOCK_2M + 3));
    assertFalse(memfd.isAllocated(BLOCK_2M - 1));
    assertTrue(memfd.isAllocated(BLOCK_2M));
    assertTrue(memfd.isAllocated(2 * BLOCK_2M - 1));
    assertFalse(memfd.isAllocated(2 * BLOCK_2M));
  }

  @Test
  void aHoleInASplitBlockIsAllocatedPageByPage() {
    GuestMemfd memfd = memfd1G();
    memfd.allocate(0);
    GfnRange hole = new GfnRange(5, 8);
    memfd.split(hole);
    assertEquals(3, memfd.punch(hole));
    assertTrue(memfd.isAllocated(4));
    assertTrue(memfd.isAllocated(8));
    memfd.allocate(6);
    assertFalse(memfd.isAllocated(5));
    assertTrue(memfd.isAllocated(6));
    assertFalse(memfd.isAllocated(7));
    assertEquals(2, memfd.punch(new GfnRange(4, 7)));
  }

  @Test
  void aBlockThatIsPunchedWholeComesBackWhole() {
    GuestMemfd memfd = memfd(0, BLOCK_1G, 0, PageLevel.LEVEL_2M);
    memfd.allocate(0);
    assertEquals(BLOCK_2M, memfd.punch(new GfnRange(0, 2 * BLOCK_2M)));
    assertFalse(memfd.isAllocated(0));
    memfd.allocate(1);
    assertTrue(memfd.isAllocated(0));
    assertEquals(2, memfd.level(0));
  }

  @Test
  void whatIsPunchedIsZeroAndNothingElse() {
    GuestMemfd memfd = memfd(0x400, 0x800, 0x10400, PageLevel.LEVEL_4K);
    for (long pfn = 0x10400; pfn < 0x10800; pfn++) {
      content.writeRelease(pfn, pfn);
    }
    memfd.punch(new GfnRange(0x480, 0x700));
    for (long pfn = 0x10400; pfn < 0x10800; pfn++) {
      boolean gone = pfn >= 0x10480 && pfn < 0x10700;
      assertEquals(gone ? 0 : pfn, content.readAcquire(pfn));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 262144, 1G page at gfn 0x0",
    "0, 262145, 1G page at gfn 0x40000",
    "512, 262144, 1G page at gfn 0x0",
    "524288, 524289, 2M page at gfn 0x80000"
  })
  void punchingPartOfALargePageThrowsAndChangesNothing(long start, long end, String page) {
    GuestMemfd memfd = memfd(0, 2 * BLOCK_1G + BLOCK_2M, 0, PageLevel.LEVEL_1G);
    memfd.allocate(start);
    content.writeRelease(start, 1);
    GfnRange hole = new GfnRange(start, end);
    assertEquals(
        "a hole at " + hole + " would tear the " + page + ", which was not split",
        assertThrows(IllegalStateException.class, () -> memfd.punch(hole)).getMessage());
    assertTrue(memfd.isAllocated(start));
    assertEquals(1, content.readAcquire(start));
    memfd.split(hole);
    memfd.punch(hole);
    assertFalse(memfd.isAllocated(start));
  }

  // Memory runs short.

  @Test
  void whenMemoryIsShortNothingIsAllocated() {
    GuestMemfd memfd = memfd1G();
    memoryIsShort = true;
    assertFalse(memfd.allocate(5));
    assertFalse(memfd.isAllocated(5));
    memoryIsShort = false;
    assertTrue(memfd.allocate(5));
    memoryIsShort = true;
    assertTrue(memfd.allocate(6), "it is there already");
    assertEquals(2, asked.get());
  }

  /** The second vCPU faults while the first allocates, and waits for it. */
  @Test
  void oneOfTwoThatFaultAllocates() {
    GuestMemfd memfd = memfd1G();
    Thread second = new Thread(() -> memfd.allocate(6), "second");
    second.setDaemon(true);
    whileAllocating =
        () -> {
          whileAllocating = () -> {};
          second.start();
          Crew.await("the second", () -> second.getState() == Thread.State.BLOCKED);
        };
    assertTrue(memfd.allocate(5));
    Crew.await("the end of the second", () -> !second.isAlive());
    assertEquals(1, asked.get());
  }

  // Misuse.

  @ParameterizedTest
  @ValueSource(longs = {-1, 0x3ff, 0x800})
  void gfnsOfOthersAreRefused(long gfn) {
    GuestMemfd memfd = memfd(0x400, 0x800, 0x10400, PageLevel.LEVEL_2M);
    String expected =
        String.format("gfn 0x%x is not in guest_memfd [0x400, 0x800) at pfn 0x10400", gfn)
            + " in pages of 2M";
    assertEquals(expected, refusal(() -> memfd.level(gfn)));
    assertEquals(expected, refusal(() -> memfd.isAllocated(gfn)));
    assertEquals(expected, refusal(() -> memfd.allocate(gfn)));
  }

  @ParameterizedTest
  @CsvSource({"1023, 1025", "2047, 2049", "0, 4096"})
  void rangesOfOthersAreRefused(long start, long end) {
    GuestMemfd memfd = memfd(0x400, 0x800, 0x10400, PageLevel.LEVEL_2M);
    GfnRange part = new GfnRange(start, end);
    String expected = part + " is not in " + memfd;
    assertEquals(expected, refusal(() -> memfd.split(part)));
    assertEquals(expected, refusal(() -> memfd.merge(part)));
    assertEquals(expected, refusal(() -> memfd.punch(part)));
  }

  @Test
  void framesThatNoEntryCanNameAreRefused() {
    assertEquals(
        "pfn 0x10000000000 and the 1 behind it: no such frames",
        refusal(() -> memfd(0, 1, 1L << 40, PageLevel.LEVEL_4K)));
  }

  private static String refusal(Runnable call) {
    return assertThrows(IllegalArgumentException.class, call::run).getMessage();
  }

  private GuestMemfd memfd1G() {
    return memfd(0, 2 * BLOCK_1G, 0, PageLevel.LEVEL_1G);
  }

  private GuestMemfd memfd(long start, long end, long pfn, PageLevel backing) {
    return new GuestMemfd(
        Geometry.FOUR_LEVEL,
        new GfnRange(start, end),
        pfn,
        backing,
        attributes,
        content,
        () -> {
          asked.incrementAndGet();
          whileAllocating.run();
          return memoryIsShort;
        });
  }
}
