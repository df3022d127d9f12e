package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.septum.mmu.LeafVisitor;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;

/**
 * The leaves of a tree as the records have them: maximal runs of the same level and bits, with
 * contiguous gfns and frames.
 */
final class LeafRuns implements LeafVisitor {
  private static final long ACCESS_BITS =
      Access.READ.bit() | Access.WRITE.bit() | Access.EXECUTE.bit();
  private static final long WRITABLE_BITS =
      Spte.makeLeaf(0, PageLevel.PG_4K, true, 0) ^ Spte.makeLeaf(0, PageLevel.PG_4K, false, 0);
  private static final long LETTERED_BITS =
      ACCESS_BITS | WRITABLE_BITS | Spte.ACCESSED | Spte.DIRTY;

  private final Geometry geometry;
  private final List<Run> runs = new ArrayList<>();

  private long gfn;
  private long count;
  private int level;
  private long leaf;

  /** No leaves yet. */
  LeafRuns(Geometry geometry) {
    this.geometry = geometry;
  }

  private record Run(long gfn, long count, int level, long pfn, String flags) {}

  @Override
  public void leaf(long at, int atLevel, long entry) {
    long pages = count * geometry.pages(level);
    if (count > 0
        && atLevel == level
        && at == gfn + pages
        && Spte.pfn(entry) == Spte.pfn(leaf) + pages
        && flagBits(entry) == flagBits(leaf)) {
      count++;
    } else {
      end();
      gfn = at;
      count = 1;
      level = atLevel;
      leaf = entry;
    }
  }

  private void end() {
    if (count > 0) {
      runs.add(new Run(gfn, count, level, Spte.pfn(leaf), letters(leaf, level)));
      count = 0;
    }
  }

  /** How many runs there are. */
  int size() {
    end();
    return runs.size();
  }

  /** The checksum of all runs. */
  String digest() {
    end();
    CRC32 crc = new CRC32();
    for (Run run : runs) {
      String line =
          run.gfn + " " + run.count + " " + run.level + " " + run.pfn + " " + run.flags + "\n";
      crc.update(line.getBytes(StandardCharsets.US_ASCII));
    }
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }

  /** The runs: {@code [gfn, count, level, pfn, flags]}. */
  ArrayNode toJson() {
    end();
    ArrayNode array = JsonNodeFactory.instance.arrayNode(runs.size());
    for (Run run : runs) {
      array
          .addArray()
          .add(JsonNumbers.of(run.gfn))
          .add(JsonNumbers.of(run.count))
          .add(JsonNumbers.of(run.level))
          .add(JsonNumbers.of(run.pfn))
          .add(run.flags);
    }
    return array;
  }

  /**
   * The letters of a leaf's flags; what no letter stands for, and no leaf should have otherwise, is
   * added in hexadecimal, so that no record agrees with it.
   *
   * <p>U stands wherever X does: it is the right to execute in user mode (bit 10), which KVM sets
   * and clears with X as long as mode-based execute control is off, as it was for the recorder. The
   * engine's entries have no such bit.
   */
  static String letters(long leaf, int level) {
    StringBuilder letters = new StringBuilder();
    letters.append(Spte.allows(leaf, Access.READ.bit()) ? "R" : "");
    letters.append(Spte.isWritable(leaf) ? "W" : "");
    letters.append(Spte.allows(leaf, Access.EXECUTE.bit()) ? "XU" : "");
    letters.append(Spte.isAccessed(leaf) ? "A" : "");
    letters.append(Spte.isDirty(leaf) ? "D" : "");
    letters.append(level > PageLevel.PG_4K ? "S" : "");
    letters.append(Spte.isHostWritable(leaf) ? "H" : "");
    letters.append(Spte.isMmuWritable(leaf) ? "M" : "");
    long rest = (flagBits(leaf) ^ Spte.makeLeaf(0, level, false, 0)) & ~LETTERED_BITS;
    if (rest != 0) {
      letters.append('?').append(Long.toHexString(rest));
    }
    return letters.toString();
  }

  private static long flagBits(long leaf) {
    return leaf ^ Spte.pfn(leaf) << Geometry.PAGE_SHIFT;
  }
}
