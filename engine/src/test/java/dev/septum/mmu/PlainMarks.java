package dev.septum.mmu;

import dev.septum.paging.Access;
import dev.septum.paging.Spte;

/** Broken changes of A and D, for the checks to find. */
public final class PlainMarks {
  private PlainMarks() {}

  /**
   * By a load and a store: as {@link TdpMmu#access}, with a section of its own; whether the access
   * was allowed.
   */
  public static boolean access(TdpMmu mmu, Walker walker, long gfn, Access access) {
    walker.section().open();
    long leaf = mmu.walk(walker, gfn);
    int level = walker.level();
    boolean allowed = Spte.isLeaf(leaf, level) && Spte.allows(leaf, access.bit());
    if (allowed) {
      mmu.arena()
          .storeEntryRelease(
              walker.place.table(),
              mmu.geometry().index(gfn, level),
              leaf | Spte.flagsSetBy(access.bit()));
    }
    walker.section().close();
    return allowed;
  }

  /** Clears D of what maps a gfn, as nobody asked to, unless that is changed meanwhile. */
  public static void clean(TdpMmu mmu, Walker walker, long gfn) {
    walker.section().open();
    long leaf = mmu.walk(walker, gfn);
    int level = walker.level();
    if (Spte.isLeaf(leaf, level) && Spte.isDirty(leaf)) {
      long unused =
          mmu.arena()
              .casEntry(
                  walker.place.table(), mmu.geometry().index(gfn, level), leaf, leaf & ~Spte.DIRTY);
    }
    walker.section().close();
  }
}
