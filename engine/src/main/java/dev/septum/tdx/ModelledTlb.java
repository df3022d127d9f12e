package dev.septum.tdx;

import dev.septum.paging.Geometry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a vCPU's logical processor may have cached: translations, and the tables on the way to them.
 * It forgets nothing before it is flushed, so it holds all that a real one could. One thread's own.
 */
final class ModelledTlb {
  /**
   * Something cached.
   *
   * @param level of the entry that it was made from
   * @param gpa where that entry begins, in bytes
   * @param pfn the page, or the table
   * @param isTable whether it is a table
   */
  record Line(int level, long gpa, long pfn, boolean isTable) {}

  private final TdxModule module;
  private final Geometry geometry;
  private final List<Line> lines = new ArrayList<>();

  ModelledTlb(TdxModule module) {
    this.module = module;
    this.geometry = module.geometry();
  }

  void flush() {
    lines.clear();
  }

  /** What a walk to an address may cache: each table on its way, and the leaf if it allows any. */
  void fill(TrustDomain td, long gpa) {
    long[] table = td.root();
    for (int level = geometry.levels() - 1; ; level--) {
      long entry = SecureEpt.entryAcquire(table, module.sept().index(gpa, level));
      long base = gpa & -SeptEntry.pageBytes(level, geometry);
      if (!SeptEntry.isWalkable(entry)) {
        if (SeptEntry.isAccessible(entry)) {
          add(level, base, SeptEntry.pageHpa(entry, level, geometry), false);
        }
        return;
      }
      add(level, base, SeptEntry.tableHpa(entry), true);
      table = module.sept().tableOf(entry);
    }
  }

  private void add(int level, long gpa, long hpa, boolean isTable) {
    Line line = new Line(level, gpa, hpa >>> Geometry.PAGE_SHIFT, isTable);
    if (!lines.contains(line)) {
      lines.add(line);
    }
  }

  /** The frame that an address hits; -1 if it misses. */
  long hit(long gpa) {
    for (Line line : lines) {
      if (!line.isTable() && gpa >= line.gpa() && gpa < end(line)) {
        return line.pfn() + (gpa - line.gpa() >>> Geometry.PAGE_SHIFT);
      }
    }
    return -1;
  }

  /**
   * Something that is derived from an entry: its translation, or anything below it; null if there
   * is nothing.
   */
  @Nullable Line derivedFrom(int level, long gpa) {
    long end = gpa + SeptEntry.pageBytes(level, geometry);
    for (Line line : lines) {
      boolean overlaps = line.gpa() < end && gpa < end(line);
      if (overlaps && (!line.isTable() || line.level() <= level)) {
        return line;
      }
    }
    return null;
  }

  private long end(Line line) {
    return line.gpa() + SeptEntry.pageBytes(line.level(), geometry);
  }
}
