package dev.septum.tdx;

import dev.septum.paging.Geometry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All that a call could change in a module, at one moment: for {@link CallAudit} to compare. It is
 * taken without a lock, so no call may be under way; it costs as much as the module is large.
 */
final class ModuleSnapshot {
  /** What can change. */
  enum Kind {
    /** An entry, its host priority left out. */
    ENTRY,
    /** Type and owner of a host page. */
    PAGE,
    BEPOCH,
    /** A lock: 1 if held exclusively, and 2 for each reader. */
    LOCK,
    CHILD_COUNT,
    LIFECYCLE,
    OP_STATE,
    EPOCH,
    /** How many vCPUs are counted in, by parity. */
    COUNT,
    VCPU_INSIDE,
    VCPU_EPOCH
  }

  /**
   * Where something can change.
   *
   * @param tdr the TD, by the frame of its root page; 0 for what belongs to no TD
   * @param level of an entry or a page; of a TD's lock its number
   * @param at the address in bytes of an entry, the frame of a page or of a vCPU
   */
  record Place(Kind kind, long tdr, int level, long at) {
    @Override
    public String toString() {
      return String.format("%s of TD 0x%x, level %d, 0x%x", kind, tdr, level, at);
    }
  }

  /** Where a guest frame is mapped, whatever the size, and even where it is blocked. */
  record Mapping(long pfn, boolean isAccepted) {}

  /** A change of something. */
  record Change(Place place, long old, long now) {
    @Override
    public String toString() {
      return String.format("%s: 0x%x became 0x%x", place, old, now);
    }
  }

  private static final int EPOCHS_BACK = 3;

  private final TdxModule module;
  private final Geometry geometry;
  private final Map<Place, Long> values = new HashMap<>();

  /** By TD and gfn. */
  private final Map<Long, Map<Long, Mapping>> flat = new HashMap<>();

  private final Map<Long, List<Long>> trackedEpochs = new HashMap<>();

  ModuleSnapshot(TdxModule module) {
    this.module = module;
    this.geometry = module.geometry();
    takePages();
    for (TrustDomain td : module.tds()) {
      takeTd(td);
    }
  }

  private void put(Kind kind, long tdr, int level, long at, long value) {
    values.put(new Place(kind, tdr, level, at), value);
  }

  private void takePages() {
    Pamt pamt = module.pamt();
    for (long pfn = pamt.firstPfn(); pfn < pamt.endPfn(); pfn++) {
      for (int level = Pamt.PG_4K; level <= Pamt.PG_1G; level++) {
        boolean begins = (pfn & pamt.pagesOf(level) - 1) == 0;
        if (begins && (level > Pamt.PG_4K || pamt.isTouched(pfn))) {
          takePage(pamt, level, pfn);
        }
      }
    }
  }

  private void takePage(Pamt pamt, int level, long pfn) {
    int type = pamt.typeAcquire(level, pfn).number();
    put(Kind.PAGE, 0, level, pfn, pamt.ownerAcquire(level, pfn) << Byte.SIZE | type);
    put(Kind.BEPOCH, 0, level, pfn, pamt.bepochVolatile(level, pfn));
    int word = TryLocks.wordVolatile(pamt.lockWords(level, pfn), pamt.lockIndex(level, pfn));
    put(Kind.LOCK, 0, level, pfn, TryLocks.asPlain(word));
  }

  private void takeTd(TrustDomain td) {
    long tdr = td.tdrPfn();
    TdEpochs epochs = td.epochs();
    boolean isTreePlain = !module.isAtLeast(ModuleVersion.V1_5_28);
    int tree = td.treeLockWord();
    put(Kind.LOCK, tdr, TdxLock.OP_STATE.ordinal(), 0, TryLocks.asPlain(td.opStateLockWord()));
    put(
        Kind.LOCK,
        tdr,
        TdxLock.SEPT_TREE.ordinal(),
        0,
        isTreePlain ? tree : TryLocks.asPlain(tree));
    put(Kind.LOCK, tdr, TdxLock.TD_EPOCH.ordinal(), 0, epochs.lockWord());
    put(Kind.CHILD_COUNT, tdr, 0, 0, td.childCount());
    put(Kind.LIFECYCLE, tdr, 0, 0, td.lifecycle().ordinal());
    put(Kind.OP_STATE, tdr, 0, 0, td.opState().ordinal());
    put(Kind.EPOCH, tdr, 0, 0, epochs.epoch());
    put(Kind.COUNT, tdr, 0, 0, epochs.inside(0));
    put(Kind.COUNT, tdr, 1, 0, epochs.inside(1));
    for (TdVcpu vcpu : td.vcpuArray()) {
      put(Kind.VCPU_INSIDE, tdr, 0, vcpu.tdvprPfn(), vcpu.isInside() ? 1 : 0);
      put(Kind.VCPU_EPOCH, tdr, 0, vcpu.tdvprPfn(), vcpu.epoch());
    }
    List<Long> tracked = new ArrayList<>();
    for (long epoch = Math.max(0, epochs.epoch() - EPOCHS_BACK); epoch <= epochs.epoch(); epoch++) {
      if (epochs.isTracked(epoch)) {
        tracked.add(epoch);
      }
    }
    trackedEpochs.put(tdr, tracked);
    if (td.lifecycle() != Lifecycle.TEARDOWN) {
      flat.put(tdr, new HashMap<>());
      takeTable(td, td.root(), geometry.levels() - 1, 0);
    }
  }

  private void takeTable(TrustDomain td, long[] table, int level, long gpa) {
    for (int index = 0; index < geometry.entries(); index++) {
      long at = gpa + index * SeptEntry.pageBytes(level, geometry);
      long entry = SecureEpt.entryAcquire(table, index);
      put(Kind.ENTRY, td.tdrPfn(), level, at, entry & ~SeptEntry.TDHP);
      SeptState state = SeptEntry.stateOrNull(entry);
      if (state == null) {
        continue; // ModuleAudit's to report
      }
      if (state.isLeaf()) {
        flatten(td, entry, state, level, at);
      } else if (state.isNonLeaf()) {
        takeTable(td, module.sept().tableOf(entry), level - 1, at);
      }
    }
  }

  private void flatten(TrustDomain td, long entry, SeptState state, int level, long gpa) {
    long gfn = gpa >>> Geometry.PAGE_SHIFT;
    long pfn = SeptEntry.pageHpa(entry, level, geometry) >>> Geometry.PAGE_SHIFT;
    for (long i = 0; i < module.pamt().pagesOf(level); i++) {
      flat(td.tdrPfn()).put(gfn + i, new Mapping(pfn + i, !state.isPending()));
    }
  }

  /** Where each gfn of a TD is mapped; empty for a TD that is torn down. */
  Map<Long, Mapping> flat(long tdr) {
    return flat.getOrDefault(tdr, Map.of());
  }

  /** TDs whose trees are in it. */
  Iterable<Long> tdrs() {
    return flat.keySet();
  }

  /** Those of the last epochs in which a block would be tracked. */
  List<Long> trackedEpochs(long tdr) {
    return trackedEpochs.getOrDefault(tdr, List.of());
  }

  /** An entry; FREE if there is none at that level. */
  long entry(TrustDomain td, int level, long gpa) {
    return values.getOrDefault(new Place(Kind.ENTRY, td.tdrPfn(), level, gpa), SeptEntry.FREE);
  }

  /** The epoch of a TD. */
  long epoch(long tdr) {
    return values.getOrDefault(new Place(Kind.EPOCH, tdr, 0, 0), 0L);
  }

  /** All that is otherwise now. What was not there, or is no longer, counts as 0. */
  List<Change> changes(ModuleSnapshot now) {
    List<Change> changes = new ArrayList<>();
    now.values.forEach(
        (place, value) -> {
          long old = values.getOrDefault(place, 0L);
          if (value != old) {
            changes.add(new Change(place, old, value));
          }
        });
    values.forEach(
        (place, old) -> {
          if (old != 0 && !now.values.containsKey(place)) {
            changes.add(new Change(place, old, 0));
          }
        });
    return changes;
  }
}
