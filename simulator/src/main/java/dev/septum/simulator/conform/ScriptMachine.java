package dev.septum.simulator.conform;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.memory.SlotLimits;
import dev.septum.mmu.MappingLimits;
import dev.septum.mmu.Mirroring;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.Roots;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Violation;
import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.trace.MmuCounter;
import java.util.List;

/**
 * The engine, set up as the recorder had KVM: one tree, one slot from gfn 0 on, one vCPU. Runs one
 * operation at a time and says in the records' terms what it did.
 */
final class ScriptMachine implements AutoCloseable {
  private static final int MOST_TABLES = 1 << 22;

  /** A step lists its runs only if there are no more. */
  static final int MOST_RUNS_LISTED = 24;

  private final Geometry geometry;
  private final MemorySlots slots;
  private final MemorySlot slot;
  private final RecordedFlushes flushes = new RecordedFlushes();
  private final RecordedExternalTable external = new RecordedExternalTable();
  private final boolean isTrustDomain;
  private final TdpMmu mmu;
  private final Walker walker;
  private final PageFault fault = new PageFault();
  private long freedBefore;

  ScriptMachine(ScriptConfig config, MmuOptions options) {
    this.geometry = config.geometry();
    this.slots = new MemorySlots(geometry);
    this.slot =
        new MemorySlot(
            geometry,
            new GfnRange(0, config.pages()),
            config.firstPfn(),
            PageLevel.LEVEL_1G,
            false);
    slots.add(slot);
    this.isTrustDomain = config.isTrustDomain();
    Mirroring mirroring =
        isTrustDomain ? new Mirroring(external, ScriptConfig.sharedBit(geometry)) : null;
    this.mmu = new TdpMmu(geometry, MOST_TABLES, options, new BiasedMmuLock(), flushes, mirroring);
    this.walker = mmu.newWalker();
  }

  /** Notes the flushes of one step, and of all. */
  private static final class RecordedFlushes implements TlbFlusher {
    private ArrayNode ranges = JsonNodeFactory.instance.arrayNode();
    private long all;
    private long rangesTotal;
    private long allTotal;

    @Override
    public void flush(long start, long pages) {
      ranges.addArray().add(JsonNumbers.of(start)).add(JsonNumbers.of(pages));
      rangesTotal++;
    }

    @Override
    public void flushAll() {
      all++;
      allTotal++;
    }

    void describe(ObjectNode found) {
      found.set("flush_all", JsonNumbers.of(all));
      found.set("flush_ranges", ranges);
      ranges = JsonNodeFactory.instance.arrayNode();
      all = 0;
    }
  }

  // Operations.

  void fault(
      long gfn,
      int access,
      int hostLevel,
      boolean writable,
      boolean prefetch,
      boolean isPrivate,
      ObjectNode found) {
    fault
        .begin(gfn, access, mmu.invalidationSequence())
        .backedBy(slot.pfnOf(gfn), writable, hostLevel)
        .limitedBy(slot.limits());
    if (prefetch) {
      fault.asPrefetch();
    }
    if (isPrivate) {
      fault.asPrivate(false);
    }
    found.put("ret", mmu.fault(walker, fault).name());
    found.set("fast", JsonNumbers.of(fault.wasFast()));
    found.set("goal", JsonNumbers.of(fault.goalLevel()));
  }

  void touch(long gfn, int access, ObjectNode found) {
    walker.section().open();
    try {
      boolean hit = mmu.access(walker, gfn, access) != Spte.EMPTY;
      found.put("ret", hit ? "HIT" : "FAULT");
    } finally {
      walker.section().close();
    }
  }

  void walk(long gfn, ObjectNode found) {
    walker.section().open();
    try {
      long entry = mmu.walk(walker, gfn);
      int level = walker.level();
      boolean present = Spte.isPresent(entry);
      found.set("ret", JsonNumbers.of(level));
      found.set("present", JsonNumbers.of(present));
      found.set("large", JsonNumbers.of(present && level > PageLevel.PG_4K));
      found.put("flags", present ? LeafRuns.letters(entry, level) : "");
      found.set("pfn", JsonNumbers.of(present ? Spte.pfn(entry) : 0));
    } finally {
      walker.section().close();
    }
  }

  void split(GfnRange range, int target, boolean exclusive, ObjectNode found) {
    mmu.split(walker, range, target, exclusive);
    found.putNull("ret");
  }

  /**
   * A recovery runs on a temporary slot of exactly its range, which has its own partial blocks
   * besides what forbids large pages in the slot proper.
   */
  void recover(GfnRange range, int hostLevel, ObjectNode found) {
    SlotLimits temporary =
        new MemorySlot(geometry, range, slot.pfnOf(range.start()), slot.backing(), false).limits();
    mmu.merge(walker, range, hostLevel, both(temporary, slot.limits()));
    found.putNull("ret");
  }

  /** The largest level that is allowed by both; less than either allows, maybe. */
  private static MappingLimits both(MappingLimits one, MappingLimits other) {
    return (gfn, cap) -> {
      int level = cap;
      int allowed = other.maxMappingLevel(gfn, one.maxMappingLevel(gfn, level));
      while (allowed < level) {
        level = allowed;
        allowed = other.maxMappingLevel(gfn, one.maxMappingLevel(gfn, level));
      }
      return level;
    };
  }

  void zap(GfnRange range, Roots which, ObjectNode found) {
    found.put("ret", mmu.zap(walker, range, which) > 0);
  }

  void failExternal(int times, ObjectNode found) {
    external.failNext(times);
    found.putNull("ret");
  }

  void disallow(long gfn, int level, boolean add, ObjectNode found) throws UnsupportedException {
    long stamp = mmu.lock().lockExclusive();
    try {
      slots.changeLimit(gfn, level, add);
    } catch (IllegalStateException e) {
      throw new UnsupportedException("disallow counts below 0");
    } finally {
      mmu.lock().unlockExclusive(stamp);
    }
    found.putNull("ret");
  }

  // What is found.

  /** Adds what every step has: what was done since the last, and how things stand. */
  void describeStep(ObjectNode found) {
    flushes.describe(found);
    found.putArray("dirty");
    found.set("pages", pages());
    long freed = mmu.counters().sum(MmuCounter.TABLES_FREED);
    found.set("freed", JsonNumbers.of(freed - freedBefore));
    freedBefore = freed;
    found.set("tables", tables(Roots.DIRECT));
    LeafRuns runs = runs(Roots.DIRECT);
    found.set("runs", JsonNumbers.of(runs.size()));
    found.put("digest", runs.digest());
    if (runs.size() <= MOST_RUNS_LISTED) {
      found.set("leafs", runs.toJson());
    }
    found.putArray("nonpresent");
    if (isTrustDomain) {
      found.set("ext", external.takeCalls());
      found.set("mirror_tables", tables(Roots.MIRROR));
      LeafRuns mirrored = runs(Roots.MIRROR);
      found.put("mirror_digest", mirrored.digest());
      if (mirrored.size() <= MOST_RUNS_LISTED) {
        found.set("mirror_leafs", mirrored.toJson());
      }
    }
  }

  /** How things stand after the last step. */
  ObjectNode describeEnd() {
    ObjectNode found = JsonNodeFactory.instance.objectNode();
    found.set("leafs", runs(Roots.DIRECT).toJson());
    found.set("tables", tables(Roots.DIRECT));
    if (isTrustDomain) {
      found.set("mirror_leafs", runs(Roots.MIRROR).toJson());
      found.set("mirror_tables", tables(Roots.MIRROR));
    }
    found.putArray("nonpresent");
    found.set("pages", pages());
    found.set("flush_all_total", JsonNumbers.of(flushes.allTotal));
    found.set("flush_range_total", JsonNumbers.of(flushes.rangesTotal));
    return found;
  }

  /**
   * Tears the machine down, and says what is left. The recorder counted freed tables up to the last
   * step; the format has none here.
   */
  ObjectNode tearDown() {
    close();
    mmu.tables().reclaim();
    ObjectNode found = JsonNodeFactory.instance.objectNode();
    found.set("leaked_pages", JsonNumbers.of(mmu.tables().live() + mmu.tables().waiting()));
    flushes.describe(found);
    found.putArray("dirty");
    found.set("pages", pages());
    found.set("freed", JsonNumbers.of(0));
    if (isTrustDomain) {
      found.set("ext", external.takeCallsSorted());
    }
    return found;
  }

  /** What does not hold of the tree; no record says that, it has to. */
  List<Violation> audit() {
    return mmu.audit();
  }

  private ArrayNode pages() {
    ArrayNode pages = JsonNodeFactory.instance.arrayNode();
    for (int level = PageLevel.PG_4K; level <= PageLevel.LEAF_LEVELS; level++) {
      pages.add(JsonNumbers.of(mmu.counters().sum(MmuCounter.mapped(level))));
    }
    return pages;
  }

  private ArrayNode tables(Roots which) {
    int[] byLevel = mmu.tablesByLevel(walker, which);
    ArrayNode tables = JsonNodeFactory.instance.arrayNode();
    for (int level = 1; level < byLevel.length; level++) {
      tables.add(JsonNumbers.of(byLevel[level]));
    }
    return tables;
  }

  private LeafRuns runs(Roots which) {
    LeafRuns runs = new LeafRuns(geometry);
    mmu.forEachLeaf(walker, new GfnRange(0, mmu.gfnLimit()), which, runs);
    return runs;
  }

  @Override
  public void close() {
    if (!mmu.isClosed()) {
      walker.close();
      mmu.close();
    }
  }
}
