package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.memory.MemorySlot;
import dev.septum.mmu.TlbFlusher;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArenaFullException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class VirtualMachineTest {
  private static final GfnRange GIB = GfnRange.ofBytes(0, 1L << 30);
  private static final GfnRange BLOCK = GfnRange.ofPages(0, 512);

  private final VirtualMachine vm = VirtualMachine.builder().build();

  private static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  private List<String> leaves() {
    List<String> leaves = new ArrayList<>();
    vm.forEachLeaf(
        GfnRange.ofPages(0, vm.mmu().geometry().gfnLimit()),
        (gfn, level, entry) ->
            leaves.add(
                gfn
                    + ":"
                    + PageLevel.of(level)
                    + (Spte.isWritable(entry) ? "W" : "")
                    + (Spte.isAccessed(entry) ? "A" : "")
                    + (Spte.isDirty(entry) ? "D" : "")));
    return leaves;
  }

  private void assertSound() {
    assertEquals(List.of(), vm.audit());
  }

  @Nested
  class Mapping {
    @ParameterizedTest
    @CsvSource({"4K, 3", "2M, 0", "1G, 0"})
    void isAsLargeAsTheBacking(String backing, long firstGfn) {
      vm.addSlot(GIB, PageLevel.parse(backing));
      try (Vcpu vcpu = vm.newVcpu()) {
        assertEquals(VcpuExit.NONE, vcpu.access(gpa(3), Access.WRITE));
      }
      assertEquals(List.of(firstGfn + ":" + backing + "WAD"), leaves());
      assertSound();
    }

    @Test
    void ofAReadIsWritableAndNotDirty() {
      vm.addSlot(GIB, PageLevel.LEVEL_4K);
      try (Vcpu vcpu = vm.newVcpu()) {
        vcpu.access(gpa(3), Access.READ);
        assertEquals(List.of("3:4KWA"), leaves());
        vcpu.access(gpa(3), Access.WRITE);
        assertEquals(List.of("3:4KWAD"), leaves());
        assertEquals(3, vcpu.tlb().misses(), "the fault, the walk after it, the first write");
        vcpu.access(gpa(3), Access.WRITE);
        assertEquals(1, vcpu.tlb().hits());
      }
    }

    @Test
    void byPrefaultIsNeitherAccessedNorDirty() {
      vm.addSlot(GIB, PageLevel.LEVEL_2M);
      assertEquals(700, vm.prefault(GfnRange.ofPages(100, 700)));
      assertEquals(List.of("0:2MW", "512:2MW"), leaves());
      assertSound();
    }

    @Test
    void staysSmallAtTheHeadAndTailOfASlot() {
      vm.addSlot(new GfnRange(100, 1500), PageLevel.LEVEL_1G);
      assertEquals(1400, vm.prefault(new GfnRange(100, 1500)));
      assertEquals(1400 - 512, vm.mapped(PageLevel.LEVEL_4K));
      assertEquals(1, vm.mapped(PageLevel.LEVEL_2M));
      assertSound();
    }

    @Test
    void staysSmallWhereALargePageIsForbidden() {
      vm.addSlot(GIB, PageLevel.LEVEL_2M);
      vm.forbidLargePage(600, PageLevel.LEVEL_2M);
      try (Vcpu vcpu = vm.newVcpu()) {
        vcpu.access(gpa(5), Access.READ);
        vcpu.access(gpa(605), Access.READ);
        assertEquals(List.of("0:2MWA", "605:4KWA"), leaves());
        vm.permitLargePage(600, PageLevel.LEVEL_2M);
        vm.prefault(GfnRange.ofPages(512, 512));
      }
      assertEquals(1, vm.merge(GfnRange.ofPages(512, 512), PageLevel.LEVEL_2M));
      assertEquals(List.of("0:2MWA", "512:2MWA"), leaves());
      assertSound();
    }

    @Test
    void isRefusedWhereNoSlotIs() {
      vm.addSlot(BLOCK, PageLevel.LEVEL_4K);
      try (Vcpu vcpu = vm.newVcpu()) {
        assertEquals(VcpuExit.MMIO, vcpu.access(gpa(512), Access.READ));
        long[] accesses = {
          GuestAccess.of(gpa(1), Access.READ), GuestAccess.of(gpa(600), Access.READ),
        };
        assertEquals(1, vcpu.run(accesses, 0, 2));
        assertEquals(VcpuExit.MMIO, vcpu.exit());
      }
      assertEquals(List.of("1:4KWA"), leaves());
    }

    @Test
    void ofAReadOnlySlotIsNotWritable() {
      vm.addSlot(BLOCK, PageLevel.LEVEL_4K, true);
      try (Vcpu vcpu = vm.newVcpu()) {
        assertEquals(VcpuExit.NONE, vcpu.access(gpa(7), Access.EXECUTE));
        assertEquals(VcpuExit.MMIO, vcpu.access(gpa(7), Access.WRITE));
      }
      assertEquals(List.of("7:4KA"), leaves());
      assertSound();
    }

    @Test
    void reachesTheLastPageOf52Bits() {
      try (VirtualMachine wide = VirtualMachine.builder().geometry(Geometry.FIVE_LEVEL).build();
          Vcpu vcpu = wide.newVcpu()) {
        long last = (1L << 40) - 1;
        wide.addSlot(GfnRange.ofPages(last - 511, 512), PageLevel.LEVEL_2M);
        assertEquals(VcpuExit.NONE, vcpu.access(gpa(last), Access.WRITE));
        assertEquals(1, wide.mapped(PageLevel.LEVEL_2M));
        assertEquals(List.of(), wide.audit());
      }
    }
  }

  @Nested
  class Merging {
    @Test
    void keepsTheDirtyFlagOfAnyChild() {
      vm.addSlot(GIB, PageLevel.LEVEL_2M);
      vm.prefault(BLOCK);
      assertEquals(1, vm.split(BLOCK, PageLevel.LEVEL_4K));
      try (Vcpu vcpu = vm.newVcpu()) {
        vcpu.access(gpa(511), Access.WRITE);
      }
      assertEquals(1, vm.merge(BLOCK, PageLevel.LEVEL_2M));
      assertEquals(List.of("0:2MWAD"), leaves());
      assertSound();
    }

    @Test
    void refusesATableThatIsNotFull() {
      vm.addSlot(GIB, PageLevel.LEVEL_2M);
      vm.prefault(BLOCK);
      vm.split(BLOCK, PageLevel.LEVEL_4K);
      vm.zap(GfnRange.ofPages(9, 1));
      assertEquals(0, vm.merge(BLOCK, PageLevel.LEVEL_2M));
      assertEquals(511, vm.mapped(PageLevel.LEVEL_4K));
      assertSound();
    }

    @Test
    void goesUpToOneGigabyte() {
      vm.addSlot(GIB, PageLevel.LEVEL_1G);
      vm.prefault(GIB);
      assertEquals(1 + 512, vm.split(GIB, PageLevel.LEVEL_4K));
      assertEquals(262_144, vm.mapped(PageLevel.LEVEL_4K));
      assertEquals(512 + 1, vm.merge(GIB, PageLevel.LEVEL_1G));
      assertEquals(List.of("0:1GW"), leaves());
      assertSound();
      vm.mmu().tables().reclaim();
      assertEquals(2, vm.mmu().tables().live());
      assertEquals(0, vm.mmu().tables().waiting());
      assertEquals(2 + 1 + 512, vm.mmu().tables().peak());
    }
  }

  @Nested
  class Flushing {
    private final List<String> flushes = new ArrayList<>();
    private final VirtualMachine watched =
        VirtualMachine.builder().interceptFlushes(inner -> new Recorder(inner)).build();

    private final class Recorder implements TlbFlusher {
      private final TlbFlusher inner;

      Recorder(TlbFlusher inner) {
        this.inner = inner;
      }

      @Override
      public void flush(long start, long pages) {
        flushes.add(start + "+" + pages);
        inner.flush(start, pages);
      }
    }

    @Test
    void isOneCallForAllThatAZapRemoved() {
      watched.addSlot(GIB, PageLevel.LEVEL_2M);
      watched.prefault(GfnRange.ofPages(0, 2048));
      assertEquals(3, watched.zap(GfnRange.ofPages(600, 1000)));
      assertEquals(List.of("512+1536"), flushes);
    }

    @Test
    void isOneCallForAllThatAMergeReplaced() {
      watched.addSlot(GIB, PageLevel.LEVEL_2M);
      watched.prefault(GIB);
      watched.split(GIB, PageLevel.LEVEL_4K);
      assertEquals(List.of(), flushes, "a split flushes nothing");
      assertEquals(512, watched.merge(GIB, PageLevel.LEVEL_2M));
      assertEquals(List.of("0+262144"), flushes);
    }

    @Test
    void makesAVcpuWalkAgain() {
      watched.addSlot(GIB, PageLevel.LEVEL_4K);
      try (Vcpu vcpu = watched.newVcpu()) {
        vcpu.access(gpa(5), Access.READ);
        watched.zap(GfnRange.ofPages(5, 1));
        vcpu.access(gpa(5), Access.READ);
        assertEquals(0, vcpu.tlb().hits());
        assertEquals(0, vcpu.staleUses());
        assertEquals(1, vcpu.tlb().flushes());
      }
    }

    @Test
    void thatIsLostIsNoticed() {
      VirtualMachine deaf =
          VirtualMachine.builder().interceptFlushes(inner -> TlbFlusher.NONE).build();
      deaf.addSlot(GIB, PageLevel.LEVEL_4K);
      try (Vcpu vcpu = deaf.newVcpu()) {
        vcpu.access(gpa(5), Access.READ);
        deaf.zap(GfnRange.ofPages(5, 1));
        vcpu.access(gpa(5), Access.READ);
        assertEquals(1, vcpu.staleUses());
      }
    }
  }

  @Nested
  class Trimming {
    @Test
    void givesBackTheTablesThatAZapHasEmptied() {
      MemorySlot slot = vm.addSlot(GIB, PageLevel.LEVEL_4K);
      vm.prefault(GIB);
      assertEquals(3 + 512, vm.mmu().tables().live());
      vm.zap(GIB);
      assertEquals(3 + 512, vm.mmu().tables().live(), "a zap keeps its tables");
      vm.deleteSlot(slot);
      assertEquals(512 + 1, vm.trim(GIB));
      assertEquals(1, vm.trim(GfnRange.ofPages(0, 1L << 27)), "and what held only them");
      assertEquals(1, vm.mmu().tables().live());
      vm.mmu().tables().reclaim();
      assertEquals(0, vm.mmu().tables().waiting());
      assertSound();
    }

    @Test
    void leavesTablesAloneInWhichSomethingIsMapped() {
      vm.addSlot(GIB, PageLevel.LEVEL_4K);
      vm.prefault(GfnRange.ofPages(0, 1024));
      vm.zap(GfnRange.ofPages(1, 1023));
      assertEquals(1, vm.trim(GIB));
      assertEquals(List.of("0:4KW"), leaves());
      assertSound();
    }
  }

  @Nested
  class Slots {
    @Test
    void thatAreDeletedLeaveNothingMapped() {
      MemorySlot slot = vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
      vm.addSlot(GfnRange.ofPages(512, 512), PageLevel.LEVEL_2M);
      vm.prefault(GfnRange.ofPages(0, 1024));
      vm.deleteSlot(slot);
      assertEquals(List.of("512:2MW"), leaves());
      try (Vcpu vcpu = vm.newVcpu()) {
        assertEquals(VcpuExit.MMIO, vcpu.access(gpa(0), Access.READ));
      }
      assertSound();
    }

    @Test
    void thatMoveTakeTheirFramesAlong() {
      MemorySlot slot = vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
      vm.prefault(BLOCK);
      MemorySlot moved = vm.moveSlot(slot, 1000);
      assertEquals(List.of(), leaves());
      assertEquals(slot.pfn(), moved.pfn());
      vm.prefault(moved.range());
      assertEquals(512, vm.mapped(PageLevel.LEVEL_4K), "gfn and pfn are aligned differently now");
      assertSound();
    }

    @Test
    void thatWouldOverlapAreRefused() {
      MemorySlot slot = vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
      vm.addSlot(GfnRange.ofPages(1024, 512), PageLevel.LEVEL_2M);
      assertThrows(
          IllegalArgumentException.class,
          () -> vm.addSlot(GfnRange.ofPages(511, 2), PageLevel.LEVEL_4K));
      vm.prefault(BLOCK);
      assertThrows(IllegalArgumentException.class, () -> vm.moveSlot(slot, 1023));
      assertEquals(1, vm.mapped(PageLevel.LEVEL_2M), "a refused move leaves the mapping alone");
      assertSound();
    }
  }

  @Nested
  class Misuse {
    @Test
    void isRefusedWithTheValue() {
      vm.addSlot(GIB, PageLevel.LEVEL_2M);
      GfnRange beyond = GfnRange.ofPages(GIB.end() - 1, 2);
      assertMessage("gfn 0x40000 is in no memory slot", () -> vm.zap(beyond));
      assertMessage("gfn 0x40000 is in no memory slot", () -> vm.prefault(beyond));
      assertMessage("gfn 0x40000 is in no memory slot", () -> vm.merge(beyond, PageLevel.LEVEL_2M));
      assertMessage(
          "a leaf's level must be 1 to 3 in 4 levels of 9 bits, not 4",
          () -> vm.split(BLOCK, PageLevel.LEVEL_512G));
      assertMessage(
          "a leaf's level must be 1 to 3 in 4 levels of 9 bits, not 5",
          () -> vm.merge(BLOCK, PageLevel.LEVEL_256T));
      assertMessage(
          "not aligned to 4096 bytes: address 0x1001, length 0x1000",
          () -> GfnRange.ofBytes(0x1001, 0x1000));
      assertMessage(
          "gfn 0x1000000000 is beyond 4 levels of 9 bits, which ends at gfn 0x1000000000",
          () -> vm.addSlot(GfnRange.ofPages((1L << 36) - 1, 2), PageLevel.LEVEL_4K));
      try (Vcpu vcpu = vm.newVcpu()) {
        assertMessage(
            "gpa 0x1000000000000 is beyond the tree, which ends at 0x1000000000000",
            () -> vcpu.access(1L << 48, Access.READ));
      }
      assertSound();
    }

    @Test
    void ofAClosedMachineIsRefused() {
      vm.addSlot(GIB, PageLevel.LEVEL_2M);
      Vcpu vcpu = vm.newVcpu();
      vcpu.access(0, Access.WRITE);
      vm.close();
      vm.close();
      assertThrows(IllegalStateException.class, () -> vcpu.access(0, Access.READ));
      assertThrows(IllegalStateException.class, () -> vm.zap(BLOCK));
      assertThrows(IllegalStateException.class, () -> vm.addSlot(BLOCK, PageLevel.LEVEL_4K));
      assertThrows(IllegalStateException.class, vm::newVcpu);
      assertThrows(IllegalStateException.class, vm::audit);
      assertEquals(0, vm.mmu().tables().live());
    }

    private void assertMessage(String expected, Executable misuse) {
      assertEquals(expected, assertThrows(IllegalArgumentException.class, misuse).getMessage());
    }
  }

  @Nested
  class FullArena {
    /** Root, one table of each level below: no room for a second 4K table. */
    private final VirtualMachine small = VirtualMachine.builder().maxTables(4).build();

    @Test
    void leavesAFaultUndone() {
      small.addSlot(GIB, PageLevel.LEVEL_4K);
      try (Vcpu vcpu = small.newVcpu()) {
        vcpu.access(gpa(1), Access.WRITE);
        TableArenaFullException full =
            assertThrows(TableArenaFullException.class, () -> vcpu.access(gpa(600), Access.WRITE));
        assertTrue(full.getMessage().contains("limit 4 tables, live 4"), full.getMessage());
        assertEquals(1, small.mapped(PageLevel.LEVEL_4K));
        assertEquals(4, small.mmu().tables().live());
        assertEquals(List.of(), small.audit());
        assertEquals(VcpuExit.NONE, vcpu.access(gpa(2), Access.WRITE), "what needs no table works");
      }
      assertEquals(List.of(), small.audit());
    }

    @Test
    void leavesASplitUndoneAsAWhole() {
      small.addSlot(GIB, PageLevel.LEVEL_2M);
      GfnRange two = GfnRange.ofPages(0, 1024);
      small.prefault(two);
      assertEquals(3, small.mmu().tables().live());
      assertThrows(TableArenaFullException.class, () -> small.split(two, PageLevel.LEVEL_4K));
      assertEquals(2, small.mapped(PageLevel.LEVEL_2M), "not even the first was split");
      assertEquals(1, small.split(BLOCK, PageLevel.LEVEL_4K));
      assertEquals(List.of(), small.audit());
    }

    @Test
    void isNotMadeFullByTablesThatIdleVcpusKeep() {
      small.addSlot(GIB, PageLevel.LEVEL_4K);
      for (int i = 0; i < 20; i++) {
        assertEquals(VcpuExit.NONE, small.newVcpu().access(gpa(i), Access.WRITE));
      }
      assertEquals(20, small.mapped(PageLevel.LEVEL_4K));
      assertEquals(List.of(), small.audit());
    }

    @Test
    void hasRoomAgainAfterAMerge() {
      small.addSlot(GIB, PageLevel.LEVEL_2M);
      small.prefault(GfnRange.ofPages(0, 1024));
      for (int round = 0; round < 100; round++) {
        GfnRange block = GfnRange.ofPages(512L * (round % 2), 512);
        assertEquals(1, small.split(block, PageLevel.LEVEL_4K));
        assertEquals(1, small.merge(block, PageLevel.LEVEL_2M));
      }
      assertEquals(List.of(), small.audit());
      assertFalse(small.mmu().tables().live() > 4);
    }
  }
}
