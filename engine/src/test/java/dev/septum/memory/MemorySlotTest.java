package dev.septum.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySlotTest {
  private static final Geometry GEOMETRY = Geometry.FOUR_LEVEL;
  private static final GfnRange RANGE = new GfnRange(0x400, 0x800);
  private static final long FRAMES = 1L << 40;

  @Test
  void framesFollowGfns() {
    MemorySlot slot = slot(0x10400);
    assertEquals(0x10400, slot.pfnOf(0x400));
    assertEquals(0x107ff, slot.pfnOf(0x7ff));
  }

  @Test
  void aSlotSaysWhatItIs() {
    assertEquals("slot [0x400, 0x800) at pfn 0x10400 in pages of 2M", slot(0x10400).toString());
    assertEquals(
        "slot [0x400, 0x800) at pfn 0x0 in pages of 4K, read-only",
        new MemorySlot(GEOMETRY, RANGE, 0, PageLevel.LEVEL_4K, true).toString());
  }

  @Test
  void theLastFramesThereAreCanBackASlot() {
    long pfn = FRAMES - RANGE.pages();
    assertEquals(FRAMES - 1, slot(pfn).pfnOf(RANGE.end() - 1));
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, FRAMES, FRAMES - 0x3ff, Long.MAX_VALUE})
  void framesThatNoEntryCanNameAreRefused(long pfn) {
    assertEquals(
        String.format("pfn 0x%x and the 1024 behind it: no such frames", pfn),
        assertThrows(IllegalArgumentException.class, () -> slot(pfn)).getMessage());
  }

  @Test
  void aRangeBeyondTheTreeIsRefused() {
    GfnRange beyond = new GfnRange(0, GEOMETRY.gfnLimit() + 1);
    assertThrows(
        IllegalArgumentException.class,
        () -> new MemorySlot(GEOMETRY, beyond, 0, PageLevel.LEVEL_4K, false));
  }

  @ParameterizedTest
  @EnumSource(names = {"LEVEL_512G", "LEVEL_256T"})
  void backingThatNoLeafCanMapIsRefused(PageLevel backing) {
    assertEquals(
        "memory does not come in pages of " + backing,
        assertThrows(
                IllegalArgumentException.class,
                () -> new MemorySlot(GEOMETRY, RANGE, 0, backing, false))
            .getMessage());
  }

  @Test
  void aSlotBacksLeavesOfItsOwnFramesInItsOwnRange() {
    MemorySlot slot = slot(0x10400);
    long leaf = Spte.makeLeaf(0x10600, 2, true, 0);
    assertTrue(slot.backs(0x600, 0x200, leaf));
    assertFalse(slot.backs(0x400, 0x200, leaf));
    assertFalse(slot.backs(0x600, 0x201, leaf));
    assertFalse(slot.backs(0x200, 0x200, Spte.makeLeaf(0x10200, 2, true, 0)));
  }

  @Test
  void aReadOnlySlotBacksNoWritableLeaf() {
    MemorySlot slot = new MemorySlot(GEOMETRY, RANGE, 0x400, PageLevel.LEVEL_2M, true);
    assertTrue(slot.isReadOnly());
    assertTrue(slot.backs(0x400, 1, Spte.makeLeaf(0x400, 1, false, 0)));
    assertFalse(slot.backs(0x400, 1, Spte.makeLeaf(0x400, 1, true, 0)));
  }

  @Test
  void aSlotOfANormalVmHasNoGuestMemfd() {
    assertNull(slot(0x10400).guestMemfd());
  }

  @Test
  void aSlotOfAGuestMemfdIsWhatThatIs() {
    GuestMemfd memfd =
        new GuestMemfd(
            GEOMETRY,
            RANGE,
            0x10400,
            PageLevel.LEVEL_2M,
            new MemoryAttributes(GEOMETRY),
            new FrameContent(),
            AllocationFaults.NONE);
    MemorySlot slot = MemorySlot.ofGuestMemfd(memfd);
    assertSame(memfd, slot.guestMemfd());
    assertEquals("slot [0x400, 0x800) at pfn 0x10400 in pages of 2M, guest_memfd", slot.toString());
    assertFalse(slot.isReadOnly());
    memfd.split(new GfnRange(0x400, 0x401));
    assertEquals(1, slot.limits().maxMappingLevel(0x400, 3));
    assertEquals(2, slot.limits().maxMappingLevel(0x600, 3));
  }

  @Test
  void aSlotOfSharedMemoryKeepsToTheAttributes() {
    MemoryAttributes attributes = new MemoryAttributes(GEOMETRY);
    MemorySlot slot = MemorySlot.ofShared(GEOMETRY, RANGE, 0x10400, PageLevel.LEVEL_2M, attributes);
    assertNull(slot.guestMemfd());
    assertEquals(2, slot.limits().maxMappingLevel(0x400, 3));
    attributes.setPrivate(new GfnRange(0x400, 0x401), true);
    assertEquals(1, slot.limits().maxMappingLevel(0x400, 3));
    assertEquals(2, slot.limits().maxMappingLevel(0x600, 3));
  }

  private static MemorySlot slot(long pfn) {
    return new MemorySlot(GEOMETRY, RANGE, pfn, PageLevel.LEVEL_2M, false);
  }
}
