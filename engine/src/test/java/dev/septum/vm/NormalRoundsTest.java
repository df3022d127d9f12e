package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Rounds;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.TlbFlusher;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.trace.MmuCounter;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Three and four threads on a small normal VM, round by round. */
@Timeout(600)
final class NormalRoundsTest {
  private static final MmuOptions BY_MARK = MmuOptions.SEPTUM;
  private static final MmuOptions BY_EXCHANGE = new MmuOptions(false, false, false, true);
  private static final MmuOptions FIRST_LEAF_ONLY = new MmuOptions(false, true, false, true);

  @ParameterizedTest(name = "by exchange: {0}")
  @CsvSource({"false", "true"})
  void aSplitAMergeAndWritesLoseNoWrite(boolean byExchange) {
    MmuOptions options = byExchange ? BY_EXCHANGE : BY_MARK;
    Rounds.run("split, merge, writes, by exchange: " + byExchange, new SplitMergeWrites(options));
  }

  /** The broken variant: a merge that takes the first leaf's D for that of all. */
  @Test
  void noticesWritesThatAMergeLoses() {
    String found = Rounds.runUntilNoticed("lost writes", new SplitMergeWrites(FIRST_LEAF_ONLY));
    assertTrue(found.contains("written, and not dirty"), found);
  }

  @Test
  void aZapFaultsAndFramesThatMoveLeaveNothingStale() {
    Rounds.run("zap, faults, moved frames", new ZapFaultMove(flusher -> flusher));
  }

  /** The broken variant: flushes are lost; what was zapped is known to be gone all the same. */
  @Test
  void noticesFlushesThatAreLost() {
    String found = Rounds.runUntilNoticed("lost flushes", new ZapFaultMove(DeafFlusher::new));
    boolean isUsedWhereNoSlotIs = found.contains("expected: <MMIO> but was: <NONE>");
    assertTrue(found.contains("stale") || isUsedWhereNoSlotIs, found);
  }

  @Test
  void slotsThatAreDeletedAndAddedLeaveNothingStale() {
    Rounds.run("slots deleted and added", new SlotsComeAndGo(flusher -> flusher));
  }

  /** The broken variant: flushes are lost, and frames that were given up for good are used. */
  @Test
  void noticesFramesThatAreUsedAfterTheirSlot() {
    String found = Rounds.runUntilNoticed("kept frames", new SlotsComeAndGo(DeafFlusher::new));
    assertTrue(found.contains("stale"), found);
  }

  private record DeafFlusher(TlbFlusher flusher) implements TlbFlusher {
    @Override
    public void released(long start, long pages) {
      flusher.released(start, pages);
    }
  }

  private static long mappedPages(VirtualMachine vm) {
    Geometry geometry = vm.mmu().geometry();
    long pages = 0;
    for (int level = PageLevel.PG_4K; level <= geometry.maxLeafLevel(); level++) {
      pages += vm.mapped(PageLevel.of(level)) * geometry.pages(level);
    }
    return pages;
  }

  private static long[] accesses(Random random, int count, int pages) {
    long[] accesses = new long[count];
    for (int i = 0; i < count; i++) {
      Access access = random.nextBoolean() ? Access.READ : Access.WRITE;
      accesses[i] = GuestAccess.of(TdMachine.gpa(random.nextInt(pages)), access);
    }
    return accesses;
  }

  /** Where no slot is, an access is refused, and the next is made. */
  private static void runAll(Vcpu vcpu, long[] accesses) {
    for (int at = 0; at < accesses.length; ) {
      at = vcpu.run(accesses, at, accesses.length);
      if (at < accesses.length) {
        assertEquals(VcpuExit.MMIO, vcpu.exit());
        at++;
      }
    }
  }

  /** One thread splits, one merges, two write. */
  private static final class SplitMergeWrites implements Rounds.Race {
    private static final GfnRange MEMORY = GfnRange.ofPages(0, 16);
    private static final int WRITES = 3;

    private final VirtualMachine vm;
    private final Vcpu[] vcpus = new Vcpu[2];
    private final BitSet written = new BitSet();
    private long tables;
    private long splits;
    private long merges;

    SplitMergeWrites(MmuOptions options) {
      vm = VirtualMachine.builder().geometry(new Geometry(3, 2)).options(options).build();
      vm.addSlot(MEMORY, PageLevel.LEVEL_1G);
      for (int i = 0; i < vcpus.length; i++) {
        vcpus[i] = vm.newVcpu();
      }
    }

    @Override
    public List<Crew.Task> begin(Random random) {
      vm.zap(MEMORY);
      vm.trim(MEMORY);
      vm.prefault(MEMORY);
      if (random.nextBoolean()) {
        vm.split(GfnRange.ofPages(0, 1 + random.nextInt(16)), PageLevel.LEVEL_4K);
      }
      written.clear();
      tables = vm.mmu().tables().live();
      splits = vm.mmu().counters().sum(MmuCounter.SPLITS);
      merges = vm.mmu().counters().sum(MmuCounter.MERGES);
      List<Crew.Task> tasks = new ArrayList<>();
      PageLevel largest = random.nextBoolean() ? PageLevel.LEVEL_1G : PageLevel.LEVEL_2M;
      tasks.add(() -> vm.split(MEMORY, PageLevel.LEVEL_4K));
      tasks.add(
          () -> {
            vm.merge(MEMORY, PageLevel.LEVEL_2M);
            vm.merge(MEMORY, largest);
          });
      for (Vcpu vcpu : vcpus) {
        long[] writes = new long[WRITES];
        for (int i = 0; i < WRITES; i++) {
          int gfn = random.nextInt(16);
          written.set(gfn);
          writes[i] = GuestAccess.of(TdMachine.gpa(gfn), Access.WRITE);
        }
        tasks.add(() -> assertEquals(WRITES, vcpu.run(writes, 0, WRITES)));
      }
      return tasks;
    }

    @Override
    public String end() {
      BitSet lost = (BitSet) written.clone();
      vm.forEachLeaf(
          MEMORY,
          (gfn, level, leaf) -> {
            if (Spte.isDirty(leaf)) {
              lost.clear((int) gfn, (int) (gfn + vm.mmu().geometry().pages(level)));
            }
          });
      assertTrue(lost.isEmpty(), () -> lost + ": written, and not dirty");
      assertEquals(List.of(), vm.audit());
      assertEquals(MEMORY.pages(), mappedPages(vm));
      long split = vm.mmu().counters().sum(MmuCounter.SPLITS) - splits;
      long merged = vm.mmu().counters().sum(MmuCounter.MERGES) - merges;
      // What is split in a table that a merge has just unlinked goes with it, and counts as split.
      long late = tables + split - merged - vm.mmu().tables().live();
      assertTrue(late >= 0, () -> "tables that no split has linked: " + -late);
      for (Vcpu vcpu : vcpus) {
        assertEquals(0, vcpu.staleUses(), "stale");
      }
      return late > 0 ? "late split" : split == 0 ? "no split" : merged == 0 ? "no merge" : "both";
    }
  }

  /** One thread zaps and moves frames to other gfns, one faults, two walk and write. */
  private static final class ZapFaultMove implements Rounds.Race {
    private static final GfnRange ALL = GfnRange.ofPages(0, 64);
    private static final int SLOT_PAGES = 16;
    private static final int ACCESSES = 16;

    /** Few: what a trim gives back is soon used again. */
    private static final int MAX_TABLES = 30;

    private final VirtualMachine vm;
    private final Vcpu[] vcpus = new Vcpu[2];
    private MemorySlot slot;
    private boolean moves;

    ZapFaultMove(UnaryOperator<TlbFlusher> flushes) {
      vm =
          VirtualMachine.builder()
              .geometry(new Geometry(3, 2))
              .maxTables(MAX_TABLES)
              .interceptFlushes(flushes)
              .build();
      slot = vm.addSlot(GfnRange.ofPages(0, SLOT_PAGES), PageLevel.LEVEL_2M);
      vm.addSlot(GfnRange.ofPages(2 * SLOT_PAGES, SLOT_PAGES), PageLevel.LEVEL_4K);
      for (int i = 0; i < vcpus.length; i++) {
        vcpus[i] = vm.newVcpu();
      }
    }

    @Override
    public List<Crew.Task> begin(Random random) {
      moves = random.nextInt(4) == 0;
      vm.prefault(slot.range());
      long old = slot.range().start();
      long from = old + random.nextInt(SLOT_PAGES);
      GfnRange zapped = new GfnRange(from, Math.min(from + 4, slot.range().end()));
      List<Crew.Task> tasks = new ArrayList<>();
      tasks.add(
          () -> {
            vm.zap(zapped);
            vm.trim(ALL);
            if (moves) {
              slot = vm.moveSlot(slot, old == 0 ? SLOT_PAGES : 0);
            }
          });
      GfnRange other = GfnRange.ofPages(2 * SLOT_PAGES, SLOT_PAGES);
      tasks.add(
          () -> {
            vm.prefault(other);
            vm.zap(other);
            vm.trim(ALL);
          });
      for (Vcpu vcpu : vcpus) {
        long[] accesses = accesses(random, ACCESSES, 2 * SLOT_PAGES);
        tasks.add(() -> runAll(vcpu, accesses));
      }
      return tasks;
    }

    @Override
    public String end() {
      assertEquals(List.of(), vm.audit());
      assertTrue(mappedPages(vm) <= 2 * SLOT_PAGES);
      for (Vcpu vcpu : vcpus) {
        assertEquals(0, vcpu.staleUses(), "stale");
        for (long gfn = 0; gfn < 2 * SLOT_PAGES; gfn++) {
          VcpuExit wanted = slot.range().contains(gfn) ? VcpuExit.NONE : VcpuExit.MMIO;
          assertEquals(wanted, vcpu.access(TdMachine.gpa(gfn), Access.READ));
        }
        assertEquals(0, vcpu.staleUses(), "stale");
      }
      assertEquals(List.of(), vm.audit());
      return moves ? "moved" : "zapped";
    }
  }

  /**
   * One thread deletes a slot, and may add it again with other frames; two walk and write in it and
   * in the slot beside it. Only where the largest leaf is as large as a region of the frames' tags
   * is a region given up; the frames of the slot beside are those of the next region.
   */
  private static final class SlotsComeAndGo implements Rounds.Race {
    private static final int SLOT_PAGES = 16;
    private static final int ACCESSES = 32;

    private final VirtualMachine vm;
    private final Vcpu[] vcpus = new Vcpu[2];
    private final MemorySlot[] slots = new MemorySlot[2];
    private final boolean[] isThere = new boolean[slots.length];
    private int gone = slots.length - 1;

    SlotsComeAndGo(UnaryOperator<TlbFlusher> flushes) {
      vm = VirtualMachine.builder().geometry(Geometry.FOUR_LEVEL).interceptFlushes(flushes).build();
      for (int i = 0; i < vcpus.length; i++) {
        vcpus[i] = vm.newVcpu();
      }
    }

    @Override
    public List<Crew.Task> begin(Random random) {
      for (int i = 0; i < slots.length; i++) {
        if (!isThere[i]) {
          add(i);
        }
      }
      gone = (gone + 1) % slots.length; // the one whose frames are older
      boolean comesBack = random.nextInt(4) > 0;
      List<Crew.Task> tasks = new ArrayList<>();
      tasks.add(
          () -> {
            vm.deleteSlot(slots[gone]);
            isThere[gone] = false;
            if (comesBack) {
              add(gone);
            }
          });
      for (Vcpu vcpu : vcpus) {
        long[] accesses = accesses(random, ACCESSES, slots.length * SLOT_PAGES);
        tasks.add(() -> runAll(vcpu, accesses));
      }
      return tasks;
    }

    private void add(int slot) {
      GfnRange range = GfnRange.ofPages((long) slot * SLOT_PAGES, SLOT_PAGES);
      slots[slot] = vm.addSlot(range, PageLevel.LEVEL_4K);
      isThere[slot] = true;
    }

    @Override
    public String end() {
      assertEquals(List.of(), vm.audit());
      for (Vcpu vcpu : vcpus) {
        for (int gfn = 0; gfn < slots.length * SLOT_PAGES; gfn++) {
          VcpuExit exit = vcpu.access(TdMachine.gpa(gfn), Access.READ);
          assertEquals(0, vcpu.staleUses(), "stale");
          assertEquals(isThere[gfn / SLOT_PAGES] ? VcpuExit.NONE : VcpuExit.MMIO, exit);
        }
      }
      assertEquals(List.of(), vm.audit());
      return isThere[gone] ? "came back" : "stayed away";
    }
  }
}
