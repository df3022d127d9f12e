package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.mmu.MmuOptions;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random operations on a machine and on a plain array of pages, compared after every step: return
 * values, leaves with their A and D, counts; and the audit.
 */
final class ModelTest {
  private static final int STEPS = 3000;

  /** What is known of one gfn: the level of the leaf that maps it (0 for none), and its flags. */
  private static final class Page {
    int level;
    boolean accessed;
    boolean dirty;
  }

  private record Table(int parentLevel, long gfn) {}

  private record Leaf(long gfn, int level, long pfn, boolean accessed, boolean dirty) {}

  private static final class Model {
    final Geometry geometry;
    final GfnRange slot;
    final int backing;
    final long pfnOffset;
    final Page[] pages;
    final Set<Table> tables = new HashSet<>();

    Model(Geometry geometry, GfnRange slot, int backing, long pfnOffset) {
      this.geometry = geometry;
      this.slot = slot;
      this.backing = backing;
      this.pfnOffset = pfnOffset;
      this.pages = new Page[(int) geometry.gfnLimit()];
      for (int gfn = 0; gfn < pages.length; gfn++) {
        pages[gfn] = new Page();
      }
    }

    void access(long gfn, Access access) {
      if (page(gfn).level == 0) {
        fault(gfn, true);
      }
      forBlock(
          gfn,
          page(gfn).level,
          page -> {
            page.accessed = true;
            page.dirty |= access == Access.WRITE;
          });
    }

    /** A fault means to map as large as may be; a table on the way is merged, or entered. */
    void fault(long gfn, boolean accessed) {
      int goal = limit(gfn);
      while (goal > 1 && tables.contains(new Table(goal, geometry.round(gfn, goal)))) {
        if (all(geometry.round(gfn, goal), goal, goal - 1)) {
          mergeTable(geometry.round(gfn, goal), goal);
          return;
        }
        goal--;
      }
      if (page(gfn).level != 0) {
        return;
      }
      int level = goal;
      for (int above = level + 1; above <= geometry.levels(); above++) {
        tables.add(new Table(above, geometry.round(gfn, above)));
      }
      forBlock(
          gfn,
          level,
          page -> {
            page.level = level;
            page.accessed = accessed;
            page.dirty = false;
          });
    }

    long prefault(GfnRange range) {
      long gfn = range.start();
      while (gfn < range.end()) {
        fault(gfn, false);
        int level = page(gfn).level;
        gfn = geometry.round(gfn, level) + geometry.pages(level);
      }
      return range.pages();
    }

    long split(GfnRange range, int target) {
      long splits = 0;
      for (int level = geometry.maxLeafLevel(); level > target; level--) {
        for (long gfn : blocks(range, level)) {
          if (page(gfn).level == level) {
            int child = level - 1;
            forBlock(gfn, level, page -> page.level = child);
            tables.add(new Table(level, gfn));
            splits++;
          }
        }
      }
      return splits;
    }

    long merge(GfnRange range, int largest) {
      long merges = 0;
      for (int level = 2; level <= largest; level++) {
        for (long gfn : blocks(range, level)) {
          if (range.contains(GfnRange.ofPages(gfn, geometry.pages(level)))
              && level <= limit(gfn)
              && tables.contains(new Table(level, gfn))
              && all(gfn, level, level - 1)) {
            mergeTable(gfn, level);
            merges++;
          }
        }
      }
      return merges;
    }

    private void mergeTable(long gfn, int level) {
      boolean accessed = any(gfn, level, true);
      boolean dirty = any(gfn, level, false);
      forBlock(
          gfn,
          level,
          page -> {
            page.level = level;
            page.accessed = accessed;
            page.dirty = dirty;
          });
      tables.remove(new Table(level, gfn));
    }

    long zap(GfnRange range) {
      long zaps = 0;
      for (long gfn = range.start(); gfn < range.end(); gfn++) {
        int level = page(gfn).level;
        if (level != 0) {
          forBlock(gfn, level, page -> page.level = 0);
          zaps++;
        }
      }
      return zaps;
    }

    List<Leaf> leaves() {
      List<Leaf> leaves = new ArrayList<>();
      for (long gfn = 0; gfn < pages.length; ) {
        Page page = page(gfn);
        if (page.level == 0) {
          gfn++;
        } else {
          leaves.add(new Leaf(gfn, page.level, gfn + pfnOffset, page.accessed, page.dirty));
          gfn += geometry.pages(page.level);
        }
      }
      return leaves;
    }

    private Page page(long gfn) {
      return pages[(int) gfn];
    }

    private int limit(long gfn) {
      int level = geometry.maxLeafLevel();
      while (level > 1
          && !slot.contains(GfnRange.ofPages(geometry.round(gfn, level), geometry.pages(level)))) {
        level--;
      }
      return Math.min(level, backing);
    }

    private List<Long> blocks(GfnRange range, int level) {
      List<Long> blocks = new ArrayList<>();
      for (long gfn = geometry.round(range.start(), level);
          gfn < range.end();
          gfn += geometry.pages(level)) {
        blocks.add(gfn);
      }
      return blocks;
    }

    private void forBlock(long gfn, int level, Consumer<Page> change) {
      long first = geometry.round(gfn, level);
      for (long at = first; at < first + geometry.pages(level); at++) {
        change.accept(page(at));
      }
    }

    private boolean all(long gfn, int level, int childLevel) {
      boolean[] all = {true};
      forBlock(gfn, level, page -> all[0] &= page.level == childLevel);
      return all[0];
    }

    private boolean any(long gfn, int level, boolean accessed) {
      boolean[] any = {false};
      forBlock(gfn, level, page -> any[0] |= accessed ? page.accessed : page.dirty);
      return any[0];
    }
  }

  @ParameterizedTest(name = "{0} levels of {1} bits, backing {2}, seed {3}")
  @CsvSource({
    "2, 1, 2, 1",
    "2, 3, 2, 2",
    "3, 1, 3, 3",
    "3, 2, 3, 4",
    "3, 2, 2, 5",
    "3, 3, 3, 6",
    "4, 1, 3, 7",
    "4, 2, 3, 8",
    "5, 1, 3, 9",
    "3, 3, 1, 10",
  })
  void agreesWithAPlainMap(int levels, int bits, int backing, long seed) {
    compare(MmuOptions.SEPTUM, new Geometry(levels, bits), backing, seed);
  }

  @Test
  void agreesWithAPlainMapAlsoIfMergesExchange() {
    MmuOptions byExchange = new MmuOptions(false, false, false, true);
    compare(byExchange, new Geometry(3, 2), 3, 11);
  }

  @Test
  void catchesAnMmuThatPresetsDirty() {
    assertCaught(new MmuOptions(true, false, false, false));
  }

  @Test
  void catchesAnMmuThatTakesTheBitsOfTheFirstLeaf() {
    assertCaught(new MmuOptions(false, true, false, true));
  }

  private static void assertCaught(MmuOptions broken) {
    Geometry geometry = new Geometry(3, 2);
    assertThrows(AssertionError.class, () -> compare(broken, geometry, 2, 1));
  }

  private static void compare(MmuOptions options, Geometry geometry, int backing, long seed) {
    Random random = new Random(seed);
    try (VirtualMachine vm = VirtualMachine.builder().geometry(geometry).options(options).build();
        Vcpu vcpu = vm.newVcpu()) {
      long limit = geometry.gfnLimit();
      GfnRange slot = new GfnRange(seed % 2, limit - seed % 3 % 2);
      long pfn = vm.addSlot(slot, PageLevel.of(backing)).pfn();
      Model model = new Model(geometry, slot, backing, pfn - slot.start());
      for (int step = 0; step < STEPS; step++) {
        String what = step(random, vm, vcpu, model);
        List<Leaf> found = new ArrayList<>();
        vm.forEachLeaf(
            new GfnRange(0, limit),
            (gfn, level, entry) ->
                found.add(
                    new Leaf(
                        gfn, level, Spte.pfn(entry), Spte.isAccessed(entry), Spte.isDirty(entry))));
        String where = "seed " + seed + " step " + step + " " + what;
        assertEquals(model.leaves(), found, where);
        for (int level = 1; level <= geometry.maxLeafLevel(); level++) {
          int counted = level;
          assertEquals(
              found.stream().filter(leaf -> leaf.level() == counted).count(),
              vm.mapped(PageLevel.of(level)),
              where);
        }
        assertEquals(List.of(), vm.audit(), where);
      }
      assertEquals(0, vcpu.staleUses());
    }
  }

  private static String step(Random random, VirtualMachine vm, Vcpu vcpu, Model model) {
    GfnRange slot = model.slot;
    long start = slot.start() + random.nextInt((int) slot.pages());
    long most = Math.min(slot.end() - start, 1L << random.nextInt(7));
    GfnRange range = GfnRange.ofPages(start, 1 + random.nextInt((int) most));
    int levels = model.geometry.maxLeafLevel();
    String what;
    switch (random.nextInt(10)) {
      case 0 -> {
        int target = 1 + random.nextInt(levels - 1);
        what = "split " + range + " to " + target;
        assertEquals(model.split(range, target), vm.split(range, PageLevel.of(target)), what);
      }
      case 1, 2 -> {
        int largest = 2 + random.nextInt(levels - 1);
        what = "merge " + slot + " to " + largest;
        assertEquals(model.merge(slot, largest), vm.merge(slot, PageLevel.of(largest)), what);
      }
      case 3 -> {
        what = "zap " + range;
        assertEquals(model.zap(range), vm.zap(range), what);
      }
      case 4 -> {
        what = "prefault " + range;
        assertEquals(model.prefault(range), vm.prefault(range), what);
      }
      default -> {
        Access access = Access.values()[random.nextInt(3)];
        what = access + " of gfn " + start;
        model.access(start, access);
        assertEquals(VcpuExit.NONE, vcpu.access(start << Geometry.PAGE_SHIFT, access), what);
      }
    }
    return what;
  }
}
