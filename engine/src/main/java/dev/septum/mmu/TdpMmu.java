package dev.septum.mmu;

import dev.septum.paging.EntryPlace;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.RangeCursor;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;
import dev.septum.paging.TablePool;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import dev.septum.trace.MmuCounter;
import dev.septum.trace.MmuCounters;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations on a tree, each under its lock.
 *
 * <table>
 * <caption>Operations</caption>
 * <tr><th>operation</th><th>lock</th><th>progress</th><th>linearization point</th></tr>
 * <tr><td>{@link #walk}, {@link #access}</td><td>none; an open read section</td><td>lock-free</td>
 *   <td>the last read of an entry; the CAS that sets A or D</td></tr>
 * <tr><td>{@link #fault}</td><td>shared</td><td>lock-free below the lock</td><td>the CAS of the
 *   leaf</td></tr>
 * <tr><td>{@link #split}</td><td>shared or exclusive</td><td>lock-free below the lock</td><td>for
 *   each leaf, the CAS that links the table</td></tr>
 * <tr><td>{@link #merge}</td><td>shared</td><td>lock-free below the lock</td><td>for each table, the
 *   CAS of its parent</td></tr>
 * <tr><td>{@link #zap}, {@link #trim}</td><td>exclusive, yields</td><td>blocking</td><td>the release of the lock, or
 *   a yield, for what was zapped until then</td></tr>
 * </table>
 *
 * <p>Operations take the lock and the walker's read section themselves: the caller must hold
 * neither. They throw {@link IllegalArgumentException} for a gfn or a level that the geometry does
 * not have, {@link IllegalStateException} once the MMU is closed, {@link MachineBuggedException}
 * once it is bugged, and {@link dev.septum.paging.TableArenaFullException} where a table is wanted
 * and none is left. Then nothing has changed; but a split beside which others map and merge may run
 * short half way, and what it has split by then stays split.
 */
public final class TdpMmu implements AutoCloseable {
  private final Geometry geometry;
  private final TableArena arena;
  private final GracePeriods periods;
  private final TablePool pool;
  private final MmuLock lock;
  private final MmuOptions options;
  private final TlbFlusher flusher;
  private final MmuCounters counters = new MmuCounters();
  private final MachineHealth health = new MachineHealth();
  private final Invalidation invalidation = new Invalidation();
  private final HardwareWalk hardware;
  private final EntryProtocol protocol;
  private final FaultPath faultPath;
  private final AdjacentInstall adjacent;
  private final Split split;
  private final Merge merge;
  private final Zap zap;
  private final RootSet roots;
  private final Root root;

  /** A normal VM's MMU: one root, empty. Else as the other constructor. */
  public TdpMmu(
      Geometry geometry, int maxTables, MmuOptions options, MmuLock lock, TlbFlusher flusher) {
    this(geometry, maxTables, options, lock, flusher, null);
  }

  /**
   * An MMU with empty roots.
   *
   * @param maxTables the most tables that it may ever use, the roots included
   * @param lock what stands for {@code kvm->mmu_lock}; not shared with another MMU
   * @param mirroring what makes it that of a trust domain; null for a normal VM
   * @throws IllegalArgumentException if the shared bit is none of the geometry's
   */
  public TdpMmu(
      Geometry geometry,
      int maxTables,
      MmuOptions options,
      MmuLock lock,
      TlbFlusher flusher,
      @Nullable Mirroring mirroring) {
    this.geometry = geometry;
    this.options = options;
    this.lock = lock;
    this.flusher = flusher;
    this.periods = lock.periods();
    this.arena = new TableArena(geometry, maxTables);
    this.pool = new TablePool(arena, periods);
    this.hardware = new HardwareWalk(arena);
    this.protocol =
        new EntryProtocol(arena, hardware, health, mirroring == null ? null : mirroring.external());
    this.split = new Split(arena, protocol, health);
    this.merge = new Merge(arena, protocol, invalidation, options);
    this.zap = new Zap(geometry, protocol, health);
    this.faultPath = new FaultPath(arena, protocol, split, merge, invalidation, health, options);
    this.adjacent = new AdjacentInstall(lock, geometry, invalidation, health, options);
    try (Walker walker = newWalker()) {
      this.roots =
          mirroring == null
              ? new RootSet(geometry, newRootTable(walker))
              : new RootSet(
                  geometry, newRootTable(walker), newRootTable(walker), mirroring.gfnBit());
    }
    this.root = roots.direct();
  }

  private int newRootTable(Walker walker) {
    walker.tables.require(1);
    int table = walker.tables.take(geometry.levels(), 0);
    arena.clearPlain(table);
    walker.tables.linked();
    return table;
  }

  /** The shape of the tree. */
  public Geometry geometry() {
    return geometry;
  }

  /** Where the tables are, and how many. */
  public TablePool tables() {
    return pool;
  }

  /** What has been counted. */
  public MmuCounters counters() {
    return counters;
  }

  /** Whether the machine is sound. */
  public MachineHealth health() {
    return health;
  }

  /** The lock; for those who have to keep faults out while they change what limits mappings. */
  public MmuLock lock() {
    return lock;
  }

  TableArena arena() {
    return arena;
  }

  Root root() {
    return root;
  }

  AdjacentInstall adjacent() {
    return adjacent;
  }

  /** One more than the largest canonical gfn. */
  public long gfnLimit() {
    return roots.gfnLimit();
  }

  /**
   * Checks that a range lies in the guest's memory.
   *
   * @return the range
   * @throws IllegalArgumentException if it does not; in a trust domain, gfns are canonical
   */
  public GfnRange checkRange(GfnRange range) {
    return roots.checkRange(range);
  }

  /** What a further thread needs to use this MMU. Close it when the thread ends. */
  public Walker newWalker() {
    EntryPlace place = arena.newPlace();
    ReadSection section = periods.register(place);
    RangeHold hold = new RangeHold(lock, section, flusher, health, options);
    return new Walker(this, section, place, pool.newCache(), hold);
  }

  synchronized void forget(Walker walker) {
    if (walker.isClosed()) {
      return;
    }
    periods.unregister(walker.section); // first: it refuses if the walker is still walking
    walker.setClosed();
    walker.tables.close();
    counters.close(walker.counters);
  }

  // Lock-free.

  /**
   * Walks to the entry that decides about {@code gfn}, and changes nothing. The walker's section
   * must be open.
   *
   * @param gfn a frame of the tree; not checked
   * @return a leaf, or what is not present; {@link Walker#level} says of which level
   */
  public long walk(Walker walker, long gfn) {
    return HardwareWalk.walk(walker, root, gfn);
  }

  /**
   * Walks as hardware does for an access: sets A, and D for a write. The walker's section must be
   * open.
   *
   * @param gfn a frame of the tree; not checked
   * @param accessBits one or more of {@link dev.septum.paging.Access#bit}
   * @return the leaf, whose level is {@link Walker#level}; {@link Spte#EMPTY} for an EPT violation
   */
  public long access(Walker walker, long gfn, int accessBits) {
    return hardware.access(walker, root, gfn, accessBits);
  }

  /**
   * Walks the mirror root; else as {@link #walk}. Hardware does not: an entry that is FROZEN is
   * being changed.
   *
   * @throws IllegalStateException if this is a normal VM's
   */
  public long walkMirror(Walker walker, long gfn) {
    return HardwareWalk.walk(walker, roots.mirror(), gfn);
  }

  /** The invalidation sequence, to be read before a fault's page is looked up. */
  public long invalidationSequence() {
    return invalidation.sequenceAcquire();
  }

  // Shared.

  /**
   * Maps the page of a fault.
   *
   * @param fault begun, backed, and as it was looked up
   * @return FIXED or SPURIOUS; RETRY if the page has to be looked up again
   * @throws IllegalArgumentException if the fault's frame does not fit its gfn, or its levels are
   *     not leaves'
   * @throws MachineBuggedException also if this fault has found an invariant broken
   */
  public FaultResult fault(Walker walker, PageFault fault) {
    roots.checkGfn(fault.gfn());
    walker.checkUsableBy(this);
    return !fault.isPrivate() && adjacent.tryMap(walker, root, fault)
        ? FaultResult.FIXED
        : faultPath.handle(walker, fault.isPrivate() ? roots.mirror() : root, fault);
  }

  /**
   * Splits every leaf of the range that is larger than a level.
   *
   * @param target 1 or 2; at the largest level there is nothing to do
   * @param exclusive whether to keep faults out meanwhile
   * @return how many leaves were split
   */
  public long split(Walker walker, GfnRange range, int target, boolean exclusive) {
    return split(walker, root, range, target, exclusive, () -> {});
  }

  /**
   * Splits every private leaf of the range that is larger than a level, with faults kept out. Fails
   * before it has changed anything, if tables are missing, unless it lets others in on its way;
   * what was split stays split then, and if it is interrupted by a broken invariant.
   *
   * @param target 1 or 2
   * @return how many leaves were split
   * @throws IllegalStateException if this is a normal VM's
   */
  public long splitMirror(Walker walker, GfnRange range, int target) {
    return splitMirror(walker, range, target, () -> {});
  }

  /**
   * As the other, and does something more in the same hold.
   *
   * @param then what is done in the same exclusive hold, once nothing larger is mapped there
   * @return how many leaves were split
   * @throws IllegalStateException if this is a normal VM's
   */
  public long splitMirror(Walker walker, GfnRange range, int target, Runnable then) {
    return split(walker, roots.mirror(), range, target, true, then);
  }

  private long split(
      Walker walker, Root tree, GfnRange range, int target, boolean exclusive, Runnable then) {
    checkRange(range);
    geometry.checkLeafLevel(target);
    checkUsable();
    if (target >= geometry.maxLeafLevel()) {
      return 0; // no leaf is larger
    }
    long before = walker.counters.get(MmuCounter.SPLITS);
    enter(walker, exclusive);
    try {
      split.splitRange(walker, tree, range, target);
      health.check(); // or larger leaves may be left
      then.run();
    } finally {
      walker.leave();
    }
    return walker.counters.get(MmuCounter.SPLITS) - before;
  }

  /**
   * Merges tables of the range into leaves of 2M, and those into leaves of 1G.
   *
   * @param largest the largest level to merge to, 2 or 3; at 1 there is nothing to do
   * @param limits how large a mapping may be
   * @return how many tables were replaced by a leaf
   */
  public long merge(Walker walker, GfnRange range, int largest, MappingLimits limits) {
    checkRange(range);
    geometry.checkLeafLevel(largest);
    checkUsable();
    long before = walker.counters.get(MmuCounter.MERGES);
    enter(walker, false);
    try {
      merge.mergeRange(walker, root, range, largest, limits);
    } finally {
      walker.leave();
    }
    return walker.counters.get(MmuCounter.MERGES) - before;
  }

  // Exclusive.

  /**
   * Merges full, contiguous tables of private leaves of the range into leaves of 2M, and those into
   * leaves of 1G, with faults kept out; gives way in between. Whether the guest has accepted all of
   * a table, or none, only the external page table knows: it refuses what is mixed.
   *
   * @param largest the largest level to merge to, 2 or 3
   * @param limits how large a mapping may be; asked behind {@code merges}
   * @param merges who decides about each
   * @return how many tables were replaced by a leaf
   * @throws IllegalStateException if this is a normal VM's
   */
  public long mergeMirror(
      Walker walker, GfnRange range, int largest, MappingLimits limits, MirrorMerges merges) {
    checkRange(range);
    geometry.checkLeafLevel(largest);
    checkUsable();
    long before = walker.counters.get(MmuCounter.MERGES);
    enter(walker, true);
    try {
      merge.mergeMirror(walker, roots.mirror(), range, largest, limits, merges);
    } finally {
      walker.leave();
    }
    return walker.counters.get(MmuCounter.MERGES) - before;
  }

  /**
   * Removes every leaf that overlaps the range; a larger one goes as a whole. Faults, wherever they
   * are, that looked their page up before the end of the zap retry, as in KVM.
   *
   * @return how many leaves were removed
   */
  public long zap(Walker walker, GfnRange range) {
    return zap(walker, range, Roots.DIRECT);
  }

  /**
   * Removes the leaves of a range from one tree or both; else as the other. In a mirror no leaf may
   * lie partly outside: it must have been split.
   *
   * @throws MachineBuggedException if one does, and then it is still there
   */
  public long zap(Walker walker, GfnRange range, Roots which) {
    checkRange(range);
    checkUsable();
    long before = walker.counters.get(MmuCounter.ZAPS);
    enter(walker, true);
    try {
      invalidation.begin(range);
      try {
        for (Root tree : roots.of(which)) {
          zap.zapRange(walker, tree, range);
        }
      } finally {
        endInvalidation(walker);
      }
    } finally {
      walker.leave();
    }
    return walker.counters.get(MmuCounter.ZAPS) - before;
  }

  /**
   * Gives back the tables of the range in which nothing is mapped; a zap leaves them there.
   *
   * @return how many tables were unlinked; they are free after a grace period
   */
  public long trim(Walker walker, GfnRange range) {
    checkRange(range);
    checkUsable();
    long before = walker.counters.get(MmuCounter.TABLES_FREED);
    enter(walker, true);
    try {
      zap.trimRange(walker, root, range);
    } finally {
      walker.leave();
    }
    return walker.counters.get(MmuCounter.TABLES_FREED) - before;
  }

  /**
   * Makes faults in the range retry until {@link #endInvalidation}, whatever they have looked up.
   * Invalidations nest.
   */
  public void beginInvalidation(GfnRange range) {
    checkRange(range);
    long stamp = lock.lockExclusive();
    try {
      invalidation.begin(range);
    } finally {
      lock.unlockExclusive(stamp);
    }
  }

  /**
   * Ends one invalidation; faults that looked their page up before now retry.
   *
   * @throws IllegalStateException if none is in progress
   */
  public void endInvalidation() {
    long stamp = lock.lockExclusive();
    try {
      invalidation.end();
    } finally {
      lock.unlockExclusive(stamp);
    }
  }

  /** Ends an invalidation, also after something was thrown where the lock had been left. */
  private void endInvalidation(Walker walker) {
    if (walker.hold.isHeld()) {
      invalidation.end();
    } else {
      endInvalidation();
    }
  }

  /**
   * Shows every leaf of a range, in order, tree by tree, under the exclusive lock. The visitor must
   * not call the machine. Also answers for a machine that is bugged.
   */
  public void forEachLeaf(Walker walker, GfnRange range, Roots which, LeafVisitor visitor) {
    checkRange(range);
    forEachEntry(
        walker,
        range,
        which,
        PageLevel.PG_4K,
        (gfn, level, entry) -> {
          if (Spte.isLeaf(entry, level)) {
            visitor.leaf(gfn, level, entry);
          }
        });
  }

  /**
   * Tables by the level of their entries, under the exclusive lock.
   *
   * @return counts at the indices 1 to 5
   */
  public int[] tablesByLevel(Walker walker, Roots which) {
    int[] tables = new int[PageLevel.values().length + 1];
    tables[geometry.levels()] = roots.of(which).size();
    GfnRange all = new GfnRange(0, roots.gfnLimit());
    forEachEntry(
        walker,
        all,
        which,
        PageLevel.PG_2M,
        (gfn, level, entry) -> tables[level - 1] += Spte.isTable(entry, level) ? 1 : 0);
    return tables;
  }

  private void forEachEntry(
      Walker walker, GfnRange range, Roots which, int minLevel, LeafVisitor visitor) {
    walker.checkUsableBy(this);
    walker.hold.enterAnyway(true);
    try {
      for (Root tree : roots.of(which)) {
        RangeCursor cursor = walker.cursorOver(tree, range, minLevel);
        while (cursor.next()) {
          visitor.leaf(cursor.gfn(), cursor.level(), cursor.entry());
        }
      }
    } finally {
      walker.leave();
    }
  }

  /**
   * Everything that does not hold of the tree, its counts and its tables. Takes the exclusive lock;
   * exact when no operation is under way.
   */
  public List<Violation> audit() {
    long stamp = lock.lockExclusive();
    try {
      if (health.isClosed()) {
        health.check();
      }
      List<Violation> violations =
          new TreeAudit(pool, counters, roots.gfnLimit()).run(roots.of(Roots.BOTH));
      if (invalidation.inProgress() != 0) {
        violations.add(
            new Violation(
                AuditRule.INVALIDATION, invalidation.inProgress() + " invalidations in progress"));
      }
      String evidence = health.evidence();
      if (evidence != null) {
        violations.add(new Violation(AuditRule.HEALTH, evidence));
      }
      return violations;
    } finally {
      lock.unlockExclusive(stamp);
    }
  }

  /**
   * Tears the tree down: no leaf and no table is left. No vCPU may be in the guest. Closing again
   * does nothing.
   */
  @Override
  public void close() {
    boolean unused = close(() -> {});
  }

  /**
   * As the other.
   *
   * @param first what is done, under the exclusive lock, once nobody else can use the MMU and
   *     before it is torn down
   * @return whether this call has closed it
   */
  public boolean close(Runnable first) {
    Walker walker = newWalker();
    walker.hold.enterAnyway(true);
    try {
      if (health.isClosed()) {
        return false;
      }
      health.close();
      try {
        first.run();
      } finally {
        for (Root tree : roots.of(Roots.BOTH)) {
          protocol.detachAll(walker, tree);
        }
      }
      return true;
    } finally {
      walker.leave();
      walker.close();
    }
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return health.isClosed();
  }

  /** Refuses to work on a closed or bugged machine. */
  public void checkUsable() {
    health.check();
  }

  private void enter(Walker walker, boolean exclusive) {
    walker.checkUsableBy(this);
    walker.hold.enter(exclusive);
  }
}
