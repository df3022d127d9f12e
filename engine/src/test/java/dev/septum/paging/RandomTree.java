package dev.septum.paging;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/** A tree filled at random, and the naive way to walk it, by recursion over every entry. */
final class RandomTree {

  /** An entry where it stands. */
  record Visit(long gfn, int level, int table, int index, long entry) {}

  final TableArena arena;
  final Geometry geometry;
  final int root;
  private final Random random;

  /** A tree of at most {@code limit} tables, with room for some more. */
  RandomTree(Geometry geometry, int limit, Random random) {
    this(geometry, random, new TableArena(geometry, 2 * limit), limit);
  }

  private RandomTree(Geometry geometry, Random random, TableArena arena, int limit) {
    this.arena = arena;
    this.geometry = geometry;
    this.random = random;
    this.root = fill(geometry.levels(), limit);
  }

  /** A tree of one empty table. */
  static RandomTree empty(Geometry geometry) {
    return new RandomTree(geometry, new Random(0), new TableArena(geometry, 8), 0);
  }

  /** A new table; some of its entries are empty, frozen, leaves, the most promising ones tables. */
  private int fill(int level, int limit) {
    int table = arena.carve();
    arena.clearPlain(table);
    int entries = geometry.entries();
    for (int tries = limit == 0 ? 0 : Math.min(entries, 32); tries > 0; tries--) {
      int index = entries <= 32 ? tries - 1 : random.nextInt(entries);
      if (!Spte.isPresent(arena.entryPlain(table, index))) {
        arena.fillPlain(table, index, randomEntry(level, limit));
      }
    }
    return table;
  }

  private long randomEntry(int level, int limit) {
    int kind = random.nextInt(8);
    if (kind == 0) {
      return Spte.FROZEN;
    }
    if (kind < 5 && level > 1 && arena.carved() + geometry.levels() < limit) {
      return Spte.makeTable(fill(level - 1, limit));
    }
    return kind < 7 && level <= PageLevel.LEAF_LEVELS
        ? Spte.makeLeaf(random.nextInt(64) * geometry.pages(level), level, random.nextBoolean(), 0)
        : Spte.EMPTY;
  }

  GfnRange randomRange() {
    long limit = geometry.gfnLimit();
    long start = randomGfn();
    return switch (random.nextInt(4)) {
      case 0 -> new GfnRange(0, limit);
      case 1 -> GfnRange.ofPages(start, 1);
      case 2 -> new GfnRange(start, limit);
      default -> new GfnRange(start, start + 1 + random.nextLong(limit - start));
    };
  }

  /** A gfn under as many tables as a few guesses find. */
  private long randomGfn() {
    int table = root;
    int level = geometry.levels();
    long gfn = 0;
    for (int guesses = 64; guesses > 0 && level > 1; guesses--) {
      int index = random.nextInt(geometry.entries());
      long entry = arena.entryPlain(table, index);
      if (Spte.isTable(entry, level)) {
        gfn += index * geometry.pages(level);
        table = Spte.table(entry);
        level--;
      }
    }
    return (gfn + random.nextLong(geometry.pages(level + 1))) % geometry.gfnLimit();
  }

  /** All entries that overlap a range, from a level on, parents first. */
  List<Visit> walk(GfnRange range, int minLevel) {
    return walk(range, minLevel, visit -> true);
  }

  /** The same, but for what is below those that {@code enters} refuses. */
  List<Visit> walk(GfnRange range, int minLevel, Predicate<Visit> enters) {
    List<Visit> visits = new ArrayList<>();
    walk(root, geometry.levels(), 0, range, minLevel, enters, visits);
    return visits;
  }

  private void walk(
      int table,
      int level,
      long base,
      GfnRange range,
      int minLevel,
      Predicate<Visit> enters,
      List<Visit> visits) {
    long pages = geometry.pages(level);
    for (int index = 0; index < geometry.entries(); index++) {
      long gfn = base + index * pages;
      if (gfn + pages > range.start() && gfn < range.end()) {
        long entry = arena.entryPlain(table, index);
        Visit visit = new Visit(gfn, level, table, index, entry);
        visits.add(visit);
        if (Spte.isTable(entry, level) && level > minLevel && enters.test(visit)) {
          walk(Spte.table(entry), level - 1, gfn, range, minLevel, enters, visits);
        }
      }
    }
  }

  /** Where a cursor stands. */
  static Visit visit(RangeCursor cursor) {
    return new Visit(cursor.gfn(), cursor.level(), cursor.table(), cursor.index(), cursor.entry());
  }
}
