package dev.septum.simulator.tree;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemorySlot;
import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.tdx.ModuleState;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TrustDomain;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Walks all trees of a machine in step: each row is as long as no tree has another entry, and
 * nothing else behind it is another.
 *
 * <p>The Secure EPT is read as it stands in memory, not by TDH.MEM.SEPT.RD: a look takes no lock of
 * the module, and passes blocked and locked entries.
 */
final class TreeWalk {
  private static final List<PageLevel> LARGE = List.of(PageLevel.LEVEL_2M, PageLevel.LEVEL_1G);

  private final VirtualMachine vm;
  private final Geometry geometry;
  private final Walker walker;
  private final @Nullable TrustDomainHost host;
  private final @Nullable ModuleState module;
  private final boolean showsEmpty;

  private TreeWalk(VirtualMachine vm, Walker walker, boolean showsEmpty) {
    this.vm = vm;
    this.geometry = vm.mmu().geometry();
    this.walker = walker;
    this.host = vm.isTrustDomain() ? vm.trustDomain() : null;
    this.module = host == null ? null : new ModuleState(host.module());
    this.showsEmpty = showsEmpty;
  }

  /**
   * Shows each row, ascending.
   *
   * @param showsEmpty whether to show also that nothing is mapped
   */
  static void run(VirtualMachine vm, GfnRange range, boolean showsEmpty, Consumer<TreeRow> rows) {
    long stamp = vm.mmu().lock().lockExclusive();
    try (Walker walker = vm.mmu().newWalker()) {
      walker.section().open();
      try {
        new TreeWalk(vm, walker, showsEmpty).run(range, rows);
      } finally {
        walker.section().close();
      }
    } finally {
      vm.mmu().lock().unlockExclusive(stamp);
    }
  }

  private void run(GfnRange range, Consumer<TreeRow> rows) {
    for (long gfn = range.start(); gfn < range.end(); ) {
      TreeRow row = row(gfn, range.end());
      if (showsEmpty || !row.isEmpty()) {
        rows.accept(row);
      }
      gfn = row.end();
    }
  }

  private TreeRow row(long gfn, long limit) {
    long mapped = vm.mmu().walk(walker, gfn);
    TreeEntry direct = TreeEntry.ofMmu(geometry, gfn, walker.level(), mapped);
    long end = Math.min(limit, direct.end(geometry));
    if (host == null || module == null) {
      return withMemory(gfn, end, direct, null, null, true);
    }
    long mirrored = vm.mmu().walkMirror(walker, gfn);
    TreeEntry mirror = TreeEntry.ofMmu(geometry, gfn, walker.level(), mirrored);
    int level = septLevel(module, host.td(), gfn);
    long secured = module.entry(host.td(), gfn << Geometry.PAGE_SHIFT, level - 1);
    TreeEntry sept = TreeEntry.ofSept(geometry, gfn, level, secured);
    end = Math.min(end, Math.min(mirror.end(geometry), sept.end(geometry)));
    boolean agrees = agree(mirror, mirrored, sept, SeptEntry.stateOrNull(secured));
    return agrees
        ? withMemory(gfn, end, direct, mirror, sept, true)
        : withMemory(gfn, end, direct, mirror.spelledOut("empty"), sept.spelledOut("FREE"), false);
  }

  /** The level, 1 to 5, at which the module's walk to a 4K page ends. */
  private int septLevel(ModuleState state, TrustDomain td, long gfn) {
    int level = geometry.levels();
    while (level > PageLevel.PG_4K
        && SeptEntry.stateOrNull(state.entry(td, gfn << Geometry.PAGE_SHIFT, level - 1))
            == SeptState.NL_MAPPED) {
      level--;
    }
    return level;
  }

  /** The rule of the mirror's audit; a leaf may or may not be accepted. */
  private static boolean agree(
      TreeEntry mirror, long mirrored, TreeEntry sept, @Nullable SeptState state) {
    if (mirror.level() != sept.level()) {
      return false;
    }
    if (mirror.hasPfn()) {
      return mirror.pfn() == sept.pfn()
          && (state == SeptState.MAPPED || state == SeptState.PENDING);
    }
    return mirrored == Spte.EMPTY && state == SeptState.FREE;
  }

  // What is behind the entries.

  private TreeRow withMemory(
      long gfn,
      long limit,
      TreeEntry direct,
      @Nullable TreeEntry mirror,
      @Nullable TreeEntry sept,
      boolean agrees) {
    TreeRow bare = new TreeRow(gfn, limit, direct, mirror, sept, agrees, PageMemory.NONE);
    if (bare.isEmpty() && !showsEmpty) {
      return bare;
    }
    MemorySlot slot = vm.slots().find(gfn);
    long end = slot == null ? nextSlot(gfn, limit) : Math.min(limit, slot.range().end());
    if (slot != null && host != null) {
      end = Math.min(end, alikeUntil(host, slot, gfn));
    }
    PageMemory memory = slot == null ? PageMemory.NONE : memory(slot, gfn);
    return new TreeRow(gfn, end, direct, mirror, sept, agrees, memory);
  }

  private long nextSlot(long gfn, long limit) {
    return vm.slots().all().stream()
        .mapToLong(slot -> slot.range().start())
        .filter(start -> start > gfn && start < limit)
        .min()
        .orElse(limit);
  }

  /** Up to where attributes, backing and inhibits are those of a gfn. */
  private long alikeUntil(TrustDomainHost td, MemorySlot slot, long gfn) {
    GuestMemfd memfd = slot.guestMemfd();
    int level = memfd == null ? PageLevel.PG_2M : Math.min(PageLevel.PG_2M, memfd.level(gfn));
    if (!td.isUniform(gfn, PageLevel.of(level))) {
      level = PageLevel.PG_4K;
    }
    return geometry.round(gfn, level) + geometry.pages(level);
  }

  private PageMemory memory(MemorySlot slot, long gfn) {
    GuestMemfd memfd = slot.guestMemfd();
    if (host == null || memfd == null) {
      return new PageMemory(PageMemory.Kind.NORMAL, List.of(), slot.backing(), false);
    }
    List<PageLevel> inhibited = new ArrayList<>();
    for (PageLevel level : LARGE) {
      if (slot.limits().isInhibited(gfn, level.number())) {
        inhibited.add(level);
      }
    }
    return new PageMemory(
        host.isPrivate(gfn) ? PageMemory.Kind.PRIVATE : PageMemory.Kind.SHARED,
        inhibited,
        PageLevel.of(memfd.level(gfn)),
        !memfd.isAllocated(gfn));
  }
}
