package dev.septum.simulator.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.mmu.Roots;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.tdx.ModuleState;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VirtualMachine;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows against the trees that they are of; and trees that are tampered with. */
final class TreeViewTest {
  private static final Geometry GEOMETRY = Geometry.FOUR_LEVEL;
  private static final int BLOCKS = 4;
  private static final int PAGES = 512 * BLOCKS;
  private static final GfnRange MEMORY = new GfnRange(0, PAGES);

  private VirtualMachine vm;
  private TrustDomainVcpu vcpu;
  private ModuleState module;

  @BeforeEach
  void begin() {
    vm =
        VirtualMachine.builder()
            .trustDomain(TrustDomainOptions.DEFAULT.withHostPages(1 << 20))
            .build();
    vm.addSlot(MEMORY, PageLevel.LEVEL_2M);
    vm.trustDomain().convertToPrivate(MEMORY);
    vcpu = (TrustDomainVcpu) vm.newVcpu();
    vm.trustDomain().finalizeBuild();
    module = new ModuleState(vm.trustDomain().module());
  }

  @AfterEach
  void end() {
    vm.close();
  }

  private static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  private List<String> rows(GfnRange range) {
    return TreeView.of(vm, range, 100).rows().stream()
        .map(row -> (row.agrees() ? "" : "! ") + row.mirror() + " | " + row.sept())
        .toList();
  }

  // Rows against trees.

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void rowsHaveEveryLeafOnceAndNothingElse(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int step = 0; step < 60; step++) {
      change(random);
      TreeView whole = TreeView.of(vm, MEMORY, Integer.MAX_VALUE);
      String message = "seed " + seed + ", step " + step;
      assertEquals(leaves(Roots.DIRECT), flat(whole, TreeRow::direct), message);
      assertEquals(leaves(Roots.MIRROR), flat(whole, TreeRow::mirror), message);
      assertEquals(leaves(Roots.MIRROR), flat(whole, TreeRow::sept), message);
      assertEquals(0, whole.disagreeing(), message);
      checkMemory(whole, message);
      TreeView mapped = TreeView.of(vm, null, Integer.MAX_VALUE);
      assertEquals(flat(whole, TreeRow::mirror), flat(mapped, TreeRow::mirror), message);
      assertEquals(0, mapped.rows().stream().filter(TreeRow::isEmpty).count(), message);
    }
    assertEquals(List.of(), vm.audit());
  }

  private void change(SplittableRandom random) {
    long gfn = random.nextInt(PAGES);
    GfnRange range = new GfnRange(gfn, Math.min(PAGES, gfn + 1 + random.nextInt(700)));
    long block = gfn & -512;
    switch (random.nextInt(7)) {
      case 0 -> vm.trustDomain().convertToShared(range);
      case 1 -> vm.trustDomain().convertToPrivate(range);
      case 2 -> vm.trustDomain().punchHole(range);
      case 3 -> vcpu.access(gpa(gfn) | vm.trustDomain().sharedBit(), Access.WRITE);
      case 4 -> vcpu.accept(gpa(gfn), PageLevel.LEVEL_4K);
      case 5 -> vm.trustDomain().promote(GfnRange.ofPages(block, 512), PageLevel.LEVEL_2M);
      default -> vcpu.accept(gpa(block), PageLevel.LEVEL_2M);
    }
  }

  /** The level and the frame of each gfn that is mapped. */
  private Map<Long, String> leaves(Roots which) {
    Map<Long, String> leaves = new TreeMap<>();
    try (Walker walker = vm.mmu().newWalker()) {
      vm.mmu()
          .forEachLeaf(
              walker,
              MEMORY,
              which,
              (gfn, level, entry) -> put(leaves, gfn, level, Spte.pfn(entry), 1));
    }
    return leaves;
  }

  private static void put(Map<Long, String> map, long gfn, int level, long pfn, long count) {
    for (long i = 0; i < count * GEOMETRY.pages(level); i++) {
      map.put(gfn + i, level + " " + (pfn + i));
    }
  }

  private static Map<Long, String> flat(TreeView view, Function<TreeRow, TreeEntry> column) {
    Map<Long, String> flat = new TreeMap<>();
    for (TreeRow row : view.rows()) {
      TreeEntry entry = column.apply(row);
      if (entry.hasPfn()) {
        put(flat, entry.gfn(), entry.level(), entry.pfn(), entry.count());
      }
    }
    return flat;
  }

  private void checkMemory(TreeView whole, String message) {
    long next = 0;
    for (TreeRow row : whole.rows()) {
      assertEquals(next, row.start(), message);
      next = row.end();
      for (long gfn = row.start(); gfn < row.end(); gfn++) {
        var memfd = vm.slots().find(gfn).guestMemfd();
        boolean isPrivate = row.memory().kind() == PageMemory.Kind.PRIVATE;
        assertEquals(vm.trustDomain().isPrivate(gfn), isPrivate, message);
        assertEquals(memfd.level(gfn), row.memory().backing().number(), message);
        assertEquals(memfd.isAllocated(gfn), !row.memory().isHole(), message);
        assertEquals(
            vm.slots().find(gfn).limits().isInhibited(gfn, 2),
            row.memory().inhibited().contains(PageLevel.LEVEL_2M),
            message);
      }
    }
    assertEquals(PAGES, next, message);
  }

  // Tampered with.

  private void tamper(long gfn, int level, long entry) {
    module.setEntry(vm.trustDomain().td(), gpa(gfn), level - 1, entry);
  }

  private long entry(long gfn, int level) {
    return module.entry(vm.trustDomain().td(), gpa(gfn), level - 1);
  }

  @Test
  void whatTheSecureEptHasOtherwiseIsMarked() {
    vcpu.accept(gpa(0), PageLevel.LEVEL_2M);
    GfnRange block = GfnRange.ofPages(0, 512);
    final long before = entry(0, 2);
    String mirror = "2M 0x480000 RWX A D";
    assertEquals(List.of(mirror + " | 2M 0x480000 MAPPED"), rows(block));
    tamper(0, 2, before | SeptEntry.TDEL);
    assertEquals(List.of(mirror + " | 2M 0x480000 MAPPED LOCKED"), rows(block));
    tamper(0, 2, before | SeptEntry.TDHP);
    assertEquals(List.of(mirror + " | 2M 0x480000 MAPPED HOST-PRIORITY"), rows(block));
    tamper(0, 2, SeptEntry.makeLeaf(SeptState.MAPPED, gpa(0x480200)));
    assertEquals(List.of("! " + mirror + " | 2M 0x480200 MAPPED"), rows(block));
    tamper(0, 2, SeptEntry.makeLeaf(SeptState.PENDING_BLOCKED, gpa(0x480000)));
    assertEquals(List.of("! " + mirror + " | 2M 0x480000 PENDING_BLOCKED"), rows(block));
    tamper(0, 2, SeptEntry.makeLeaf(SeptState.PENDING, gpa(0x480000 + 17)));
    assertEquals(List.of(mirror + " | 2M 0x480000 PENDING 17/512"), rows(block));
    tamper(0, 2, SeptEntry.FREE);
    assertEquals(List.of("! " + mirror + " | 2M FREE"), rows(block));
    tamper(0, 2, SeptEntry.SVE | SeptEntry.DIRTY);
    assertEquals(List.of("! " + mirror + " | 2M malformed 0x8000000000000200"), rows(block));
    tamper(0, 2, before);
    assertEquals(List.of(mirror + " | 2M 0x480000 MAPPED"), rows(block));
  }

  @Test
  void aPageThatOnlyTheSecureEptHasIsMarked() {
    vcpu.accept(gpa(5), PageLevel.LEVEL_4K);
    tamper(6, 1, SeptEntry.makeLeaf(SeptState.MAPPED, gpa(0x480006)));
    assertEquals(
        List.of(
            "- | -",
            "4K 0x480005 RWX A D | 4K 0x480005 MAPPED",
            "! 4K empty | 4K 0x480006 MAPPED",
            "- | -"),
        rows(GfnRange.ofPages(0, 512)));
    tamper(6, 1, SeptEntry.FREE);
    assertEquals(List.of(), vm.audit());
  }

  @Test
  void aTableThatOnlyOneTreeHasIsMarked() {
    vcpu.accept(gpa(0), PageLevel.LEVEL_2M);
    vcpu.accept(gpa(512), PageLevel.LEVEL_4K);
    final long leaf = entry(0, 2);
    tamper(0, 2, entry(512, 2));
    assertEquals(
        List.of(
            "! 2M 0x480000 RWX A D | 4K 0x480200 MAPPED", "! 2M 0x480000 RWX A D | 511x4K FREE"),
        rows(GfnRange.ofPages(0, 512)));
    tamper(0, 2, leaf);
  }

  @Test
  void anEntryOfTheMmuIsSaidInWords() {
    assertEquals("2M FROZEN", TreeEntry.ofMmu(GEOMETRY, 0x3ff, 2, Spte.FROZEN).toString());
    assertEquals("-", TreeEntry.ofMmu(GEOMETRY, 1, 1, Spte.EMPTY).toString());
    assertEquals("1G malformed 0x0", TreeEntry.ofMmu(GEOMETRY, 1, 3, 0).toString());
    long readOnly = Spte.makeLeaf(0x600, 2, false, Spte.ACCESSED);
    assertEquals("2M 0x600 R-X A", TreeEntry.ofMmu(GEOMETRY, 1, 2, readOnly).toString());
  }

  @Test
  void onlyAlikeContiguousEntriesFold() {
    TreeEntry first = TreeEntry.ofMmu(GEOMETRY, 4, 1, Spte.makeLeaf(9, 1, true, 0));
    TreeEntry next = TreeEntry.ofMmu(GEOMETRY, 5, 1, Spte.makeLeaf(10, 1, true, 0));
    assertEquals("2x4K 0x9 RWX", "" + first.followedBy(next, GEOMETRY));
    TreeEntry elsewhere = TreeEntry.ofMmu(GEOMETRY, 5, 1, Spte.makeLeaf(11, 1, true, 0));
    assertEquals(null, first.followedBy(elsewhere, GEOMETRY));
    TreeEntry dirty = TreeEntry.ofMmu(GEOMETRY, 5, 1, Spte.makeLeaf(10, 1, true, Spte.DIRTY));
    assertEquals(null, first.followedBy(dirty, GEOMETRY));
    TreeEntry far = TreeEntry.ofMmu(GEOMETRY, 6, 1, Spte.makeLeaf(11, 1, true, 0));
    assertEquals(null, first.followedBy(far, GEOMETRY));
  }

  @Test
  void aRangeBeyondTheGuestsMemoryIsRefused() {
    GfnRange beyond = GfnRange.ofPages(vm.mmu().gfnLimit(), 1);
    assertThrows(IllegalArgumentException.class, () -> TreeView.of(vm, beyond, 1));
  }
}
