package dev.septum.tdx;

import dev.septum.paging.Geometry;
import dev.septum.tdx.ModuleSnapshot.Change;
import dev.septum.tdx.ModuleSnapshot.Kind;
import dev.septum.tdx.ModuleSnapshot.Mapping;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A module's doors, with every call checked: {@link ModuleRule} 9 to 15. It compares the module
 * before and behind the call, and keeps for each vCPU what its TLB may hold.
 *
 * <p>For one thread, which makes all the calls; each costs as much as the module is large, so a
 * small geometry and little host memory belong to it. What it finds it notes; it changes nothing.
 */
public final class CallAudit {
  private static final long LEVEL_MASK = 7;
  private static final long HPA_MASK = (1L << ModuleConfig.PHYSICAL_BITS) - 1;
  private static final int LEAF_MASK = 0xffff;
  private static final Set<Kind> PASSAGE =
      EnumSet.of(Kind.COUNT, Kind.VCPU_INSIDE, Kind.VCPU_EPOCH, Kind.LOCK);

  private final TdxModule module;
  private final Geometry geometry;
  private final List<ModuleViolation> violations = new ArrayList<>();
  private final Map<TdVcpu, ModelledTlb> tlbs = new HashMap<>();
  private final SeamcallRegisters place = new SeamcallRegisters();
  private ModuleSnapshot before;
  private ModuleSnapshot now;
  private Operands operands = new Operands(TdxLeaf.GUEST_ACCESS, null, 0, 0, 0);

  /** What a call is about, as its caller has put it. */
  private record Operands(TdxLeaf leaf, @Nullable TrustDomain td, int level, long gpa, long page) {}

  /** Checks the calls to a module from now on. */
  public CallAudit(TdxModule module) {
    this.module = module;
    this.geometry = module.geometry();
    this.before = new ModuleSnapshot(module);
    this.now = before;
  }

  /** All that was found, the oldest first. */
  public List<ModuleViolation> violations() {
    return List.copyOf(violations);
  }

  /** Where each gfn of a TD is mapped, behind the last call. */
  Map<Long, Mapping> flat(TrustDomain td) {
    return now.flat(td.tdrPfn());
  }

  @SuppressWarnings("AnnotateFormatMethod") // no run-time dependency for one annotation
  private void report(ModuleRule rule, String format, Object... arguments) {
    violations.add(
        new ModuleViolation(
            rule, operands.leaf().longName() + ": " + String.format(format, arguments)));
  }

  // The host's door.

  /**
   * {@link TdxModule#seamcall(SeamcallRegisters)}.
   *
   * @return the status
   */
  public long seamcall(SeamcallRegisters call) {
    begin(call);
    long status;
    try {
      status = module.seamcall(call);
    } catch (ModuleFatalException e) {
      report(ModuleRule.SOUND, "%s", e);
      throw e;
    }
    end(call, status);
    return status;
  }

  /** Looks at the module, and at what a call is about, before it is made. */
  void begin(SeamcallRegisters call) {
    TdxLeaf leaf = TdxLeaf.ofNumber((int) call.rax & LEAF_MASK);
    long tdr = call.rdx & ~TdxModule.ALLOW_EXISTING;
    operands =
        leaf == null
            ? new Operands(TdxLeaf.GUEST_ACCESS, null, 0, 0, 0)
            : new Operands(
                leaf,
                module.td(tdr >>> Geometry.PAGE_SHIFT),
                (int) (call.rcx & LEVEL_MASK),
                call.rcx & ~LEVEL_MASK,
                call.r8);
    before = new ModuleSnapshot(module);
  }

  /** Looks again, and compares. */
  void end(SeamcallRegisters call, long status) {
    now = new ModuleSnapshot(module);
    if (status == SeamcallStatus.SUCCESS) {
      checkFlat(true);
      checkChanges(mayChange(operands.leaf()));
      checkReturned(call);
      checkTlbs();
      flushAtEntry();
    } else {
      checkFlat(false);
      checkUnchanged();
    }
    checkAlways();
  }

  // The guest's door.

  /**
   * A guest's access: what its TLB may hold is not walked for.
   *
   * @param gpa a private address, in bytes
   * @param accessBits as in {@link GuestLeaves#access}
   */
  public GuestOutcome access(TdVcpu vcpu, long gpa, int accessBits) {
    beginGuest(TdxLeaf.GUEST_ACCESS, vcpu, gpa);
    ModelledTlb tlb = tlb(vcpu);
    long pfn = tlb.hit(gpa);
    if (pfn >= 0) {
      Mapping mapping = before.flat(vcpu.td().tdrPfn()).get(gpa >>> Geometry.PAGE_SHIFT);
      if (mapping == null || mapping.pfn() != pfn || !mapping.isAccepted()) {
        report(ModuleRule.TLB, "gpa 0x%x is used as pfn 0x%x, and is %s", gpa, pfn, "" + mapping);
      }
      now = before;
      return GuestOutcome.RETURNED;
    }
    tlb.fill(vcpu.td(), gpa);
    return endGuest(vcpu, module.guest().access(vcpu, gpa, accessBits, place));
  }

  /** {@link GuestLeaves#accept}. */
  public GuestOutcome accept(TdVcpu vcpu, long page) {
    beginGuest(TdxLeaf.GUEST_ACCEPT, vcpu, page);
    return endGuest(vcpu, module.guest().accept(vcpu, page));
  }

  /** {@link GuestLeaves#exit}. */
  public void exit(TdVcpu vcpu, long reason) {
    beginGuest(TdxLeaf.GUEST_ACCESS, vcpu, 0);
    module.guest().exit(vcpu, reason);
    endGuest(vcpu, GuestOutcome.TD_EXIT);
  }

  void beginGuest(TdxLeaf leaf, TdVcpu vcpu, long page) {
    operands = new Operands(leaf, vcpu.td(), (int) (page & LEVEL_MASK), page & ~LEVEL_MASK, 0);
    before = new ModuleSnapshot(module);
  }

  GuestOutcome endGuest(TdVcpu vcpu, GuestOutcome outcome) {
    now = new ModuleSnapshot(module);
    boolean isAccepted =
        operands.leaf() == TdxLeaf.GUEST_ACCEPT
            && outcome == GuestOutcome.RETURNED
            && vcpu.guestRax() == SeamcallStatus.SUCCESS;
    checkFlat(isAccepted);
    if (isAccepted) {
      checkChanges(EnumSet.of(Kind.ENTRY));
    } else if (outcome == GuestOutcome.NOT_ADVANCED) {
      checkProgress();
    } else if (outcome == GuestOutcome.TD_EXIT) {
      checkChanges(PASSAGE);
    } else {
      checkUnchanged();
    }
    checkAlways();
    return outcome;
  }

  // 9: TLBs.

  private ModelledTlb tlb(TdVcpu vcpu) {
    return tlbs.computeIfAbsent(vcpu, v -> new ModelledTlb(module));
  }

  private void flushAtEntry() {
    if (operands.leaf() == TdxLeaf.VP_ENTER) {
      for (Change change : before.changes(now)) {
        if (change.place().kind() == Kind.VCPU_EPOCH) {
          tlbs.forEach(
              (vcpu, tlb) -> {
                if (vcpu.tdvprPfn() == change.place().at()) {
                  tlb.flush();
                }
              });
        }
      }
    }
  }

  /** Nobody who runs, or could run again without a flush, may hold what was consumed. */
  private void checkTlbs() {
    TrustDomain td = operands.td();
    if (td == null || !consumes() || !td.opState().isTrackingRequired()) {
      return;
    }
    for (TdVcpu vcpu : td.vcpuArray()) {
      if (vcpu.isInside() || vcpu.epoch() == td.epochs().epoch()) {
        ModelledTlb.Line line = tlb(vcpu).derivedFrom(operands.level(), operands.gpa());
        if (line != null) {
          report(ModuleRule.TLB, "the vCPU 0x%x still holds %s", vcpu.tdvpr(), line);
        }
      }
    }
  }

  private boolean consumes() {
    return switch (operands.leaf()) {
      case MEM_PAGE_REMOVE,
          MEM_PAGE_RELOCATE,
          MEM_PAGE_PROMOTE,
          MEM_SEPT_REMOVE,
          MEM_RANGE_UNBLOCK ->
          true;
      // Without its block, the translation stays true, and goes with the block of what it covers.
      case MEM_PAGE_DEMOTE ->
          !module.config().nonBlockingResize() || SeptEntry.state(oldEntry()).isBlocked();
      default -> false;
    };
  }

  // 10 and 12: whatever was called.

  private void checkAlways() {
    for (TrustDomain td : module.tds()) {
      long tdr = td.tdrPfn();
      for (long epoch : before.trackedEpochs(tdr)) {
        if (!td.epochs().isTracked(epoch)) {
          report(ModuleRule.TRACKED, "a block in epoch %d was tracked, and is not", epoch);
        }
      }
      if (now.epoch(tdr) < before.epoch(tdr)) {
        report(ModuleRule.EPOCHS, "epoch %d became %d", before.epoch(tdr), now.epoch(tdr));
      }
    }
    for (long tdr : now.tdrs()) {
      checkAccepted(before.flat(tdr), now.flat(tdr));
    }
  }

  private void checkAccepted(Map<Long, Mapping> old, Map<Long, Mapping> mapped) {
    TdxLeaf leaf = operands.leaf();
    mapped.forEach(
        (gfn, mapping) -> {
          Mapping was = old.get(gfn);
          if (mapping.isAccepted()
              && (was == null || !was.isAccepted())
              && leaf != TdxLeaf.GUEST_ACCEPT
              && leaf != TdxLeaf.MEM_PAGE_ADD) {
            report(ModuleRule.ACCEPTED, "gfn 0x%x became accepted", gfn);
          }
        });
    old.forEach(
        (gfn, was) -> {
          Mapping mapping = mapped.get(gfn);
          if (was.isAccepted()
              && (mapping == null || !mapping.isAccepted())
              && leaf != TdxLeaf.MEM_PAGE_REMOVE) {
            report(ModuleRule.ACCEPTED, "gfn 0x%x is no longer accepted", gfn);
          }
        });
  }

  // 11: what is mapped where.

  private void checkFlat(boolean isDone) {
    for (long tdr : now.tdrs()) {
      TrustDomain td = operands.td();
      boolean isConcerned = isDone && td != null && td.tdrPfn() == tdr;
      Map<Long, Mapping> expected = new HashMap<>(before.flat(tdr));
      if (isConcerned) {
        apply(expected);
      }
      Set<Map.Entry<Long, Mapping>> missing = new HashSet<>(expected.entrySet());
      Set<Map.Entry<Long, Mapping>> extra = new HashSet<>(now.flat(tdr).entrySet());
      missing.removeAll(now.flat(tdr).entrySet());
      extra.removeAll(expected.entrySet());
      if (!missing.isEmpty() || !extra.isEmpty()) {
        report(ModuleRule.FLATTEN, "%s should be mapped, and %s are instead", missing, extra);
      }
    }
  }

  /** What the leaf function does to the mapping of its range, by its definition. */
  private void apply(Map<Long, Mapping> flat) {
    long first = operands.gpa() >>> Geometry.PAGE_SHIFT;
    long page = (operands.page() & HPA_MASK) >>> Geometry.PAGE_SHIFT;
    long pages = geometry.pages(operands.level() + 1);
    for (long i = 0; i < pages; i++) {
      long gfn = first + i;
      Mapping was = flat.get(gfn);
      switch (operands.leaf()) {
        case MEM_PAGE_ADD -> add(flat, gfn, new Mapping(page, true));
        case MEM_PAGE_AUG -> add(flat, gfn, new Mapping(page + i, false));
        case MEM_PAGE_REMOVE -> flat.remove(gfn);
        case MEM_PAGE_RELOCATE ->
            flat.replace(gfn, new Mapping(page, was != null && was.isAccepted()));
        case GUEST_ACCEPT -> flat.computeIfPresent(gfn, (g, m) -> new Mapping(m.pfn(), true));
        default -> {}
      }
    }
  }

  private void add(Map<Long, Mapping> flat, long gfn, Mapping mapping) {
    Mapping was = flat.put(gfn, mapping);
    if (was != null) {
      report(ModuleRule.FLATTEN, "gfn 0x%x was mapped already: %s", gfn, was);
    }
  }

  // 13: what may change.

  private static Set<Kind> mayChange(TdxLeaf leaf) {
    return switch (leaf) {
      case MEM_SEPT_ADD,
          MEM_SEPT_REMOVE,
          MEM_PAGE_ADD,
          MEM_PAGE_AUG,
          MEM_PAGE_REMOVE,
          MEM_PAGE_DEMOTE,
          MEM_PAGE_PROMOTE ->
          EnumSet.of(Kind.ENTRY, Kind.PAGE, Kind.BEPOCH, Kind.CHILD_COUNT);
      case MEM_PAGE_RELOCATE -> EnumSet.of(Kind.ENTRY, Kind.PAGE, Kind.BEPOCH);
      case MEM_RANGE_BLOCK -> EnumSet.of(Kind.ENTRY, Kind.BEPOCH);
      case MEM_RANGE_UNBLOCK -> EnumSet.of(Kind.ENTRY);
      case MEM_TRACK -> EnumSet.of(Kind.EPOCH);
      case MR_FINALIZE -> EnumSet.of(Kind.OP_STATE);
      case VP_ENTER -> PASSAGE;
      case MNG_VPFLUSHDONE -> EnumSet.of(Kind.LIFECYCLE);
      case MNG_KEY_FREEID -> EnumSet.of(Kind.LIFECYCLE, Kind.ENTRY); // the tree is out of use
      case PHYMEM_PAGE_RECLAIM -> EnumSet.complementOf(EnumSet.of(Kind.ENTRY));
      case PHYMEM_PAMT_ADD, PHYMEM_PAMT_REMOVE -> EnumSet.of(Kind.PAGE);
      default -> EnumSet.noneOf(Kind.class);
    };
  }

  private void checkChanges(Set<Kind> allowed) {
    for (Change change : before.changes(now)) {
      if (!allowed.contains(change.place().kind()) || !isInRange(change)) {
        report(ModuleRule.ATOMIC, "%s", change);
      }
    }
  }

  /** Entries change only where the call is about them, and below. */
  private boolean isInRange(Change change) {
    TrustDomain td = operands.td();
    ModuleSnapshot.Place at = change.place();
    if (at.kind() != Kind.ENTRY || operands.leaf() == TdxLeaf.MNG_KEY_FREEID) {
      return true;
    }
    return td != null
        && at.tdr() == td.tdrPfn()
        && at.level() <= operands.level()
        && at.at() >= operands.gpa()
        && at.at() < operands.gpa() + SeptEntry.pageBytes(operands.level(), geometry);
  }

  /** What has failed changes nothing but the count of a reader that a lock's holder has beaten. */
  private void checkUnchanged() {
    for (Change change : before.changes(now)) {
      boolean isLoser =
          change.place().kind() == Kind.LOCK
              && TryLocks.isExclusive((int) change.old())
              && TryLocks.isExclusive((int) change.now());
      if (!isLoser) {
        report(ModuleRule.ATOMIC, "failed, and %s", change);
      }
    }
  }

  /** An interrupted ACCEPT has moved its counter on. */
  private void checkProgress() {
    for (Change change : before.changes(now)) {
      boolean isCounter =
          change.place().kind() == Kind.ENTRY
              && isInRange(change)
              && SeptEntry.withAcceptCounter(change.old(), 0, geometry)
                  == SeptEntry.withAcceptCounter(change.now(), 0, geometry)
              && SeptEntry.acceptCounter(change.now(), change.place().level(), geometry)
                  > SeptEntry.acceptCounter(change.old(), change.place().level(), geometry);
      if (!isCounter) {
        report(ModuleRule.ATOMIC, "was interrupted, and %s", change);
      }
    }
  }

  // 14: what comes back.

  private long oldEntry() {
    TrustDomain td = operands.td();
    return td == null ? SeptEntry.FREE : before.entry(td, operands.level(), operands.gpa());
  }

  private void checkReturned(SeamcallRegisters call) {
    long expected;
    switch (operands.leaf()) {
      case MEM_PAGE_REMOVE, MEM_PAGE_RELOCATE ->
          expected = SeptEntry.pageHpa(oldEntry(), operands.level(), geometry);
      case MEM_PAGE_PROMOTE, MEM_SEPT_REMOVE -> expected = SeptEntry.tableHpa(oldEntry());
      default -> {
        return;
      }
    }
    if ((call.rcx & HPA_MASK) != expected) {
      report(ModuleRule.RETURNED_PAGE, "0x%x came back for 0x%x", call.rcx, expected);
    }
  }
}
