package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.memory.MemorySlot;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openjdk.jol.info.GraphLayout;

/** What a machine takes of the heap: all that is reachable from it, array by array. */
final class MemoryUseTest {
  private static final double MOST_BYTES_A_PAGE = 8.3;
  private static final long MIB = 1L << 20;

  private static VirtualMachine mapped(long bytes, PageLevel backing) {
    VirtualMachine vm = VirtualMachine.builder().build();
    GfnRange memory = GfnRange.ofBytes(0, bytes);
    vm.addSlot(memory, backing);
    assertEquals(memory.pages(), vm.prefault(memory));
    return vm;
  }

  private static long bytes(VirtualMachine vm) {
    return GraphLayout.parseInstance(vm).totalSize();
  }

  @Test
  @DisplayName("a page of 4K, densely mapped, takes at most 8.3 bytes")
  void densePages() {
    try (VirtualMachine empty = mapped(4096, PageLevel.LEVEL_4K);
        VirtualMachine vm = mapped(16L << 30, PageLevel.LEVEL_4K)) {
      double bytesOfPage = (double) (bytes(vm) - bytes(empty)) / vm.mapped(PageLevel.LEVEL_4K);
      System.out.printf("%.3f bytes for each page of 4K, %,d in all%n", bytesOfPage, bytes(vm));
      assertTrue(bytesOfPage <= MOST_BYTES_A_PAGE, () -> "bytes a page: " + bytesOfPage);
      assertTrue(bytesOfPage >= Long.BYTES, () -> "less than an entry: " + bytesOfPage);
    }
  }

  @Test
  @DisplayName("4 TiB of pages of 2M take less than 64 MiB")
  void fourTebibytes() {
    try (VirtualMachine vm = mapped(4L << 40, PageLevel.LEVEL_2M)) {
      assertEquals(2_097_152, vm.mapped(PageLevel.LEVEL_2M));
      long bytes = bytes(vm);
      System.out.printf("%,d bytes for 4 TiB of pages of 2M%n", bytes);
      assertTrue(bytes < 64 * MIB, () -> "bytes: " + bytes);
    }
  }

  @Test
  @DisplayName("a machine that has mapped nothing takes less than 1 MiB")
  void emptyMachine() {
    try (VirtualMachine vm = VirtualMachine.builder().build()) {
      long bytes = bytes(vm);
      System.out.printf("%,d bytes for a machine without memory%n", bytes);
      assertTrue(bytes < MIB, () -> "bytes: " + bytes);
    }
  }

  @Test
  @DisplayName("a memory slot that came, was used and went leaves less than 16 bytes")
  void slotsThatCameAndWent() {
    int slots = 1000;
    try (VirtualMachine vm = mapped(4096, PageLevel.LEVEL_4K)) {
      comeAndGo(vm);
      long before = bytes(vm);
      for (int i = 0; i < slots; i++) {
        comeAndGo(vm);
      }
      long bytes = bytes(vm) - before;
      System.out.printf("%,d bytes for %d slots that came and went%n", bytes, slots);
      assertTrue(bytes < 16L * slots, () -> "bytes: " + bytes);
    }
  }

  /** Part of it is unmapped page by page, the rest with the slot. */
  private static void comeAndGo(VirtualMachine vm) {
    GfnRange range = GfnRange.ofPages(1L << 20, 1500);
    MemorySlot slot = vm.addSlot(range, PageLevel.LEVEL_4K);
    assertEquals(range.pages(), vm.prefault(range));
    assertEquals(3, vm.zap(GfnRange.ofPages(range.start() + 100, 3)));
    vm.deleteSlot(slot);
  }
}
