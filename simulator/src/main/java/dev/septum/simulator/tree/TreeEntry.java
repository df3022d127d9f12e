package dev.septum.simulator.tree;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a tree, or several alike, one behind the other.
 *
 * @param gfn the first that the first of them is for
 * @param level 1 to 5
 * @param pfn the first frame of the first of them; negative if they map none
 * @param words what else they hold; empty if they hold nothing
 * @param count how many they are
 */
record TreeEntry(long gfn, int level, long pfn, String words, long count) {
  private static final long NO_PFN = -1;

  private TreeEntry(long gfn, int level, long pfn, String words) {
    this(gfn, level, pfn, words, 1);
  }

  /** An entry of the direct root or of the mirror root, which a walk to a gfn has ended at. */
  static TreeEntry ofMmu(Geometry geometry, long gfn, int level, long entry) {
    long first = geometry.round(gfn, level);
    if (Spte.isLeaf(entry, level)) {
      return new TreeEntry(first, level, Spte.pfn(entry), leafWords(entry));
    }
    if (Spte.isFrozen(entry)) {
      return new TreeEntry(first, level, NO_PFN, "FROZEN");
    }
    String words = entry == Spte.EMPTY ? "" : malformed(entry);
    return new TreeEntry(first, level, NO_PFN, words);
  }

  private static String leafWords(long entry) {
    return (Spte.allows(entry, Access.READ.bit()) ? "R" : "-")
        + (Spte.allows(entry, Access.WRITE.bit()) ? "W" : "-")
        + (Spte.allows(entry, Access.EXECUTE.bit()) ? "X" : "-")
        + (Spte.isAccessed(entry) ? " A" : "")
        + (Spte.isDirty(entry) ? " D" : "");
  }

  /** An entry of the Secure EPT, with its locks, which a walk to a gfn has ended at. */
  static TreeEntry ofSept(Geometry geometry, long gfn, int level, long entry) {
    long first = geometry.round(gfn, level);
    SeptState state = SeptEntry.stateOrNull(entry);
    if (state == null) {
      return new TreeEntry(first, level, NO_PFN, malformed(entry));
    }
    long pfn =
        state.isLeaf()
            ? SeptEntry.pageHpa(entry, level - 1, geometry) >>> Geometry.PAGE_SHIFT
            : NO_PFN;
    int accepted = SeptEntry.acceptCounter(entry, level - 1, geometry);
    String words =
        (state == SeptState.FREE ? "" : state)
            + (accepted > 0 ? " " + accepted + "/" + geometry.entries() : "")
            + lockWords(entry);
    return new TreeEntry(first, level, pfn, words.stripLeading());
  }

  private static String lockWords(long entry) {
    if (SeptEntry.isLocked(entry)) {
      return " LOCKED";
    }
    return SeptEntry.withoutLocks(entry) == entry ? "" : " HOST-PRIORITY";
  }

  private static String malformed(long entry) {
    return String.format("malformed 0x%x", entry);
  }

  /** Nothing is mapped, and nothing is going on. */
  boolean isEmpty() {
    return words.isEmpty();
  }

  boolean hasPfn() {
    return pfn != NO_PFN;
  }

  PageLevel size() {
    return PageLevel.of(level);
  }

  /** One more than the last gfn that they are for. */
  long end(Geometry geometry) {
    return gfn + count * geometry.pages(level);
  }

  /** The same with a word for nothing, where it matters at which level nothing is. */
  TreeEntry spelledOut(String nothing) {
    return isEmpty() ? new TreeEntry(gfn, level, pfn, nothing) : this;
  }

  /** This run and an entry that covers the gfn behind it; null if that is not one of its kind. */
  @Nullable TreeEntry followedBy(TreeEntry next, Geometry geometry) {
    if (isEmpty() && next.isEmpty()) {
      return this;
    }
    if (next.level != level || !next.words.equals(words)) {
      return null;
    }
    long pages = geometry.pages(level);
    if (next.gfn == gfn + (count - 1) * pages && next.pfn == pfnOf(count - 1, pages)) {
      return this; // the last of them, further on
    }
    return next.gfn == gfn + count * pages && next.pfn == pfnOf(count, pages)
        ? new TreeEntry(gfn, level, pfn, words, count + 1)
        : null;
  }

  private long pfnOf(long index, long pages) {
    return hasPfn() ? pfn + index * pages : NO_PFN;
  }

  /** For a column: {@code 7x4K 0x100200 MAPPED}. */
  @Override
  public String toString() {
    if (isEmpty()) {
      return "-";
    }
    return (count > 1 ? count + "x" : "")
        + size()
        + (hasPfn() ? String.format(" 0x%x ", pfn) : " ")
        + words;
  }
}
