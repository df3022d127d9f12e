package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Seeds;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The slots of a machine: found, added, replaced, asked. */
class MemorySlotsTest {
  private static final Geometry GEOMETRY = Geometry.FOUR_LEVEL;

  private final MemorySlots slots = new MemorySlots(GEOMETRY);

  @Test
  void withoutSlotsNothingIsFound() {
    assertNull(slots.find(0));
    assertEquals(List.of(), slots.all());
  }

  @Test
  void findIsWhatALookAtEverySlotFinds() {
    Random random = Seeds.random("MemorySlotsTest");
    int gfns = 400;
    for (int round = 0; round < 20; round++) {
      MemorySlots sparse = new MemorySlots(GEOMETRY);
      List<MemorySlot> added = new ArrayList<>();
      for (int tries = 0; tries < 30; tries++) {
        long start = random.nextInt(gfns);
        MemorySlot slot = slot(start, start + 1 + random.nextInt(20));
        if (added.stream().noneMatch(other -> other.range().overlaps(slot.range()))) {
          sparse.add(slot);
          added.add(slot);
        } else {
          assertThrows(IllegalArgumentException.class, () -> sparse.add(slot));
        }
      }
      for (long gfn = -1; gfn < gfns + 20; gfn++) {
        assertSame(lookAtEach(added, gfn), sparse.find(gfn));
      }
      added.sort(Comparator.comparingLong(slot -> slot.range().start()));
      assertEquals(added, sparse.all());
    }
  }

  private static MemorySlot lookAtEach(List<MemorySlot> slots, long gfn) {
    return slots.stream().filter(slot -> slot.range().contains(gfn)).findAny().orElse(null);
  }

  @ParameterizedTest
  @CsvSource({"10, 20", "0, 11", "19, 30", "12, 13", "0, 30"})
  void aSlotThatOverlapsAnotherIsRefusedAndBothAreNamed(long start, long end) {
    MemorySlot there = slot(10, 20);
    slots.add(there);
    MemorySlot other = slot(start, end);
    assertEquals(other + " overlaps " + there, message(() -> slots.add(other)));
    assertEquals(List.of(there), slots.all());
  }

  @Test
  void aSlotMayBeginWhereAnotherEnds() {
    slots.add(slot(10, 20));
    slots.add(slot(20, 30));
    slots.add(slot(0, 10));
    assertEquals(3, slots.all().size());
  }

  // Replacing.

  @Test
  void aSlotCanBeTakenAway() {
    MemorySlot slot = added(10, 20);
    MemorySlot stays = added(30, 40);
    slots.replace(slot, null);
    assertNull(slots.find(15));
    assertSame(stays, slots.find(30));
  }

  @Test
  void aSlotCanBeMovedOntoItself() {
    MemorySlot old = added(10, 20);
    MemorySlot successor = slot(15, 25);
    slots.replace(old, successor);
    assertNull(slots.find(10));
    assertSame(successor, slots.find(24));
  }

  @Test
  void aSuccessorThatOverlapsAThirdIsRefusedAndNothingChanges() {
    MemorySlot old = added(10, 20);
    MemorySlot third = added(30, 40);
    MemorySlot successor = slot(25, 31);
    String expected = successor + " overlaps " + third;
    assertEquals(expected, message(() -> slots.checkReplaceable(old, successor)));
    assertEquals(expected, message(() -> slots.replace(old, successor)));
    assertEquals(List.of(old, third), slots.all());
  }

  @Test
  void onlyASlotThatIsThereCanBeReplaced() {
    MemorySlot there = added(10, 20);
    MemorySlot alike = slot(10, 20);
    String expected = alike + " is not a slot of this machine";
    assertEquals(expected, message(() -> slots.checkReplaceable(alike, null)));
    assertEquals(expected, message(() -> slots.replace(alike, null)));
    assertSame(there, slots.find(10));
  }

  @Test
  void aCheckChangesNothing() {
    MemorySlot old = added(10, 20);
    slots.checkReplaceable(old, slot(30, 40));
    assertEquals(List.of(old), slots.all());
  }

  // Asking.

  @ParameterizedTest
  @CsvSource({"10, 11", "10, 30", "15, 25", "29, 30"})
  void aRangeIsCoveredBySlotsThatMeet(long start, long end) {
    added(10, 20);
    added(20, 30);
    GfnRange range = new GfnRange(start, end);
    assertSame(range, slots.checkCovered(range));
  }

  @ParameterizedTest
  @CsvSource({"9, 11, 9", "10, 21, 20", "15, 50, 20", "0, 1, 0", "39, 41, 40"})
  void theFirstGfnThatIsNotCoveredIsNamed(long start, long end, long first) {
    added(10, 20);
    added(30, 40);
    assertEquals(
        String.format("gfn 0x%x is in no memory slot", first),
        message(() -> slots.checkCovered(new GfnRange(start, end))));
  }

  @Test
  void aMappingIsNoLargerThanSlotAndBackingAllow() {
    for (PageLevel backing : List.of(PageLevel.LEVEL_4K, PageLevel.LEVEL_2M, PageLevel.LEVEL_1G)) {
      MemorySlots one = new MemorySlots(GEOMETRY);
      GfnRange range = new GfnRange(0, 1 << 18);
      one.add(new MemorySlot(GEOMETRY, range, 0, backing, false));
      for (int cap = 1; cap <= 3; cap++) {
        assertEquals(Math.min(cap, backing.number()), one.maxMappingLevel(0x1234, cap));
      }
    }
  }

  @Test
  void withoutASlotOnly4KIsMapped() {
    assertEquals(1, slots.maxMappingLevel(0, 3));
  }

  @Test
  void aLimitIsChangedInTheSlotOfTheGfn() {
    slots.add(new MemorySlot(GEOMETRY, new GfnRange(0, 0x200), 0, PageLevel.LEVEL_2M, false));
    slots.add(
        new MemorySlot(GEOMETRY, new GfnRange(0x200, 0x400), 0x200, PageLevel.LEVEL_2M, false));
    slots.changeLimit(0x210, 2, true);
    assertEquals(2, slots.maxMappingLevel(0, 3));
    assertEquals(1, slots.maxMappingLevel(0x200, 3));
    slots.changeLimit(0x220, 2, false);
    assertEquals(2, slots.maxMappingLevel(0x200, 3));
    assertEquals(
        "gfn 0x400 is in no memory slot", message(() -> slots.changeLimit(0x400, 2, true)));
  }

  @Test
  void eachSlotShowsTheFramesOfItsPartOfARange() {
    MemorySlot first =
        new MemorySlot(GEOMETRY, new GfnRange(10, 20), 110, PageLevel.LEVEL_4K, false);
    MemorySlot second =
        new MemorySlot(GEOMETRY, new GfnRange(30, 40), 230, PageLevel.LEVEL_4K, false);
    slots.add(second);
    slots.add(first);
    assertEquals(List.of("110 10", "230 10"), parts(0, 100));
    assertEquals(List.of("115 5", "230 1"), parts(15, 31));
    assertEquals(List.of("112 1"), parts(12, 13));
    assertEquals(List.of(), parts(20, 30));
    assertEquals(List.of(), parts(0, 10));
  }

  private List<String> parts(long start, long end) {
    List<String> parts = new ArrayList<>();
    slots.forEachPart(new GfnRange(start, end), (pfn, pages) -> parts.add(pfn + " " + pages));
    return parts;
  }

  // Frames.

  /** So every slot can be mapped as large as its gfns allow, and no two share a frame. */
  @Test
  void framesAreAlignedAsTheGfnsAreAndNobodyElses() {
    Random random = Seeds.random("MemorySlotsTest");
    for (Geometry geometry : List.of(GEOMETRY, new Geometry(2, 3), new Geometry(5, 1))) {
      MemorySlots own = new MemorySlots(geometry);
      long block = geometry.pages(geometry.maxLeafLevel());
      long taken = 1L << 20;
      for (int i = 0; i < 100; i++) {
        long start = random.nextLong(geometry.gfnLimit());
        GfnRange range =
            GfnRange.ofPages(
                start, 1 + random.nextLong(Math.min(3 * block, geometry.gfnLimit() - start)));
        long pfn = own.takeFrames(range);
        assertEquals(start % block, pfn % block);
        assertTrue(pfn >= taken);
        taken = pfn + range.pages();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.septum.paging.Geometries#all")
  void framesThatWereTakenAllowTheLargestLeaf(Geometry geometry) {
    MemorySlots own = new MemorySlots(geometry);
    GfnRange whole = new GfnRange(0, Math.min(geometry.gfnLimit(), 1L << 30));
    own.add(new MemorySlot(geometry, whole, own.takeFrames(whole), PageLevel.LEVEL_1G, false));
    assertEquals(geometry.maxLeafLevel(), own.maxMappingLevel(0, 5));
  }

  private MemorySlot added(long start, long end) {
    MemorySlot slot = slot(start, end);
    slots.add(slot);
    return slot;
  }

  private static MemorySlot slot(long start, long end) {
    return new MemorySlot(GEOMETRY, new GfnRange(start, end), start, PageLevel.LEVEL_4K, false);
  }

  private static String message(Runnable refused) {
    return assertThrows(IllegalArgumentException.class, refused::run).getMessage();
  }
}
