package dev.septum.mmu;

import dev.septum.paging.Access;
import dev.septum.paging.Spte;

/** A broken walk of hardware, for the checks to find: it sets A and D by a load and a store. */
public final class PlainMarks {
  private PlainMarks() {}

  /** As {@link TdpMmu#access}, with a section of its own; whether the access was allowed. */
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
}
