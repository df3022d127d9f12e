package dev.septum.mmu;

import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;
import dev.septum.paging.TableArena.TableState;
import dev.septum.paging.TablePool;
import dev.septum.trace.MmuCounter;
import dev.septum.trace.MmuCounters;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Walks a whole tree and its arena, and says everything that does not hold. One use. To be run
 * under the exclusive lock, when no operation is under way; A and D may change meanwhile.
 */
final class TreeAudit {
  /** Violations after which an audit stops listing more: the tree is lost, the reader is not. */
  private static final int MOST = 1000;

  private final TablePool pool;
  private final TableArena arena;
  private final Geometry geometry;
  private final MmuCounters counters;
  private final List<Violation> violations = new ArrayList<>();
  private final Set<Integer> reached = new HashSet<>();
  private final long[] leaves = new long[PageLevel.LEAF_LEVELS + 1];

  private final long gfnLimit;

  /**
   * An audit.
   *
   * @param gfnLimit one more than the largest canonical gfn
   */
  TreeAudit(TablePool pool, MmuCounters counters, long gfnLimit) {
    this.gfnLimit = gfnLimit;
    this.pool = pool;
    this.arena = pool.arena();
    this.geometry = arena.geometry();
    this.counters = counters;
  }

  /** Audits all the trees that there are. */
  List<Violation> run(List<Root> roots) {
    for (Root root : roots) {
      visitTable(root, root.table(), geometry.levels(), 0);
    }
    checkCounts();
    checkArena(roots);
    return violations;
  }

  private void visitTable(Root root, int table, int level, long gfn) {
    if (!arena.isCarved(table)) {
      add(AuditRule.STRUCTURE, "gfn 0x%x: the entry names table %d, which never was", gfn, table);
      return;
    }
    if (!reached.add(table)) {
      add(AuditRule.STRUCTURE, "table %d is reached twice, at gfn 0x%x again", table, gfn);
      return;
    }
    if (arena.state(table) != TableState.LIVE
        || arena.level(table) != level
        || arena.gfn(table) != gfn) {
      add(
          AuditRule.STRUCTURE,
          "table %d at gfn 0x%x level %d says that it is %s at gfn 0x%x level %d",
          table,
          gfn,
          level,
          arena.state(table),
          arena.gfn(table),
          arena.level(table));
    }
    for (int index = 0; index < geometry.entries(); index++) {
      long entry = arena.entryAcquire(table, index);
      long at =
          gfn + index * geometry.pages(level) ^ (level == geometry.levels() ? root.gfnBits() : 0);
      if (at >= gfnLimit) {
        if (entry != Spte.EMPTY) {
          addEntry(AuditRule.STRUCTURE, at, level, entry);
        }
      } else if (Spte.isTable(entry, level)) {
        visitTable(root, Spte.table(entry), level - 1, at);
      } else if (Spte.isPresent(entry)) {
        visitLeaf(entry, level, at);
      } else if (Spte.isFrozen(entry)) {
        add(AuditRule.FROZEN, "gfn 0x%x level %d is frozen", at, level);
      } else if (entry != Spte.EMPTY) {
        addEntry(AuditRule.ENTRY, at, level, entry);
      }
    }
  }

  private void visitLeaf(long leaf, int level, long gfn) {
    if (level > geometry.maxLeafLevel() || !Spte.keepsWritableRules(leaf)) {
      addEntry(AuditRule.ENTRY, gfn, level, leaf);
    }
    if ((Spte.pfn(leaf) & geometry.pages(level) - 1) != 0) {
      addEntry(AuditRule.ALIGNMENT, gfn, level, leaf);
    }
    if (level <= PageLevel.LEAF_LEVELS) {
      leaves[level]++;
    }
  }

  private void checkCounts() {
    for (int level = PageLevel.PG_4K; level <= geometry.maxLeafLevel(); level++) {
      long counted = counters.sum(MmuCounter.mapped(level));
      if (counted != leaves[level]) {
        add(
            AuditRule.COUNTS,
            "%d leaves of %s are counted, %d are there",
            counted,
            PageLevel.of(level),
            leaves[level]);
      }
    }
  }

  private void checkArena(List<Root> roots) {
    Set<Integer> free = new HashSet<>();
    for (int table : pool.freeTables()) {
      if (!free.add(table)) {
        add(AuditRule.DOUBLE_USE, "table %d is free twice", table);
      }
      if (reached.contains(table) || arena.state(table) == TableState.LIVE) {
        add(AuditRule.DOUBLE_USE, "table %d is both live and free", table);
      }
    }
    int dead = 0;
    for (int table : arena.carvedTables()) {
      if (arena.state(table) == TableState.DEAD) {
        dead++;
      } else if (arena.state(table) == TableState.LIVE && !reached.contains(table)) {
        addLost(roots, table);
      }
    }
    if (pool.live() != reached.size() || pool.waiting() != dead) {
      add(
          AuditRule.ARENA,
          "%d tables are counted as live and %d as waiting, %d and %d are",
          pool.live(),
          pool.waiting(),
          reached.size(),
          dead);
    }
    if (free.size() + reached.size() + dead != arena.carved()) {
      add(
          AuditRule.ARENA,
          "%d free, %d live and %d waiting tables are not the %d that were made",
          free.size(),
          reached.size(),
          dead,
          arena.carved());
    }
  }

  /** A live table that no entry leads to: below a leaf, or lost altogether. */
  private void addLost(List<Root> roots, int table) {
    long gfn = arena.gfn(table);
    for (Root root : roots) {
      int level = geometry.levels();
      int at = root.table();
      long entry = arena.entryAcquire(at, root.index(geometry, gfn, level));
      while (Spte.isTable(entry, level) && level > arena.level(table) + 1) {
        at = Spte.table(entry);
        level--;
        entry = arena.entryAcquire(at, root.index(geometry, gfn, level));
      }
      if (Spte.isLeaf(entry, level)) {
        add(
            AuditRule.LEAF_OVER_TABLE,
            "table %d at gfn 0x%x level %d is live below '%s'",
            table,
            gfn,
            arena.level(table),
            Spte.describe(entry, level));
        return;
      }
    }
    add(AuditRule.ARENA, "table %d at gfn 0x%x is live, but no entry leads to it", table, gfn);
  }

  private void addEntry(AuditRule rule, long gfn, int level, long entry) {
    add(rule, "gfn 0x%x level %d holds 0x%x: %s", gfn, level, entry, Spte.describe(entry, level));
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  private void add(AuditRule rule, String format, Object... arguments) {
    if (violations.size() < MOST) {
      violations.add(new Violation(rule, String.format(format, arguments)));
    }
  }
}
