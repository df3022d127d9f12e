package dev.septum.tdx;

import dev.septum.paging.Geometry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Checks what must hold of the module at rest: {@link ModuleRule} 1 to 8, and 15. It reads
 * everything, without a lock: exact when no call is under way, and to be believed only then.
 */
final class ModuleAudit {
  private final TdxModule module;
  private final Geometry geometry;
  private final Pamt pamt;
  private final List<ModuleViolation> violations = new ArrayList<>();

  /** Who names a page: its frame and what names it. */
  private final Map<Long, String> namedPages = new HashMap<>();

  /** Those of them that are named as tables. */
  private final Set<Long> tables = new HashSet<>();

  /** Dynamic PAMT: the pages of all page pairs. */
  private final Set<Long> paired = new HashSet<>();

  /** Pages of 4K that each TD should count. */
  private final Map<Long, Long> owned = new HashMap<>();

  ModuleAudit(TdxModule module) {
    this.module = module;
    this.geometry = module.geometry();
    this.pamt = module.pamt();
  }

  List<ModuleViolation> run() {
    for (TrustDomain td : module.tds()) {
      if (td.lifecycle() != Lifecycle.TEARDOWN) {
        auditTd(td);
      }
    }
    auditPages();
    for (TrustDomain td : module.tds()) {
      long expected = owned.getOrDefault(td.tdrPfn(), 0L);
      if (td.childCount() != expected) {
        report(
            ModuleRule.CHILD_COUNT,
            "TD 0x%x counts %d pages and owns %d",
            td.tdr(),
            td.childCount(),
            expected);
      }
    }
    String evidence = module.evidence();
    if (evidence != null) {
      report(ModuleRule.SOUND, "%s", evidence);
    }
    return violations;
  }

  @SuppressWarnings("AnnotateFormatMethod") // no run-time dependency for one annotation
  private void report(ModuleRule rule, String format, Object... arguments) {
    violations.add(new ModuleViolation(rule, String.format(format, arguments)));
  }

  private void auditTd(TrustDomain td) {
    if (pamt.typeAcquire(Pamt.PG_4K, td.rootPfn()) != PageType.TDCX
        || pamt.ownerAcquire(Pamt.PG_4K, td.rootPfn()) != td.tdrPfn()) {
      report(ModuleRule.TREE, "the root page 0x%x is not a control page of its TD", td.rootPfn());
    }
    auditTable(td, td.root(), geometry.levels() - 1, 0);
    auditEpochs(td);
    boolean isPlain = !module.isAtLeast(ModuleVersion.V1_5_28);
    int tree = td.treeLockWord();
    checkFree(ModuleRule.ENTRY_BITS, "OP_STATE", withoutMark(td.opStateLockWord()));
    checkFree(ModuleRule.ENTRY_BITS, "the tree", isPlain ? tree : withoutMark(tree));
    checkFree(ModuleRule.EPOCHS, "the epoch", td.epochs().lockWord());
  }

  /** A loser's mark may be left. */
  private static int withoutMark(int word) {
    return TryLocks.withoutHostPriority(word);
  }

  private void checkFree(ModuleRule rule, String what, int word) {
    if (word != 0) {
      report(rule, "the lock of %s is 0x%x at rest", what, word);
    }
  }

  private void auditEpochs(TrustDomain td) {
    TdEpochs epochs = td.epochs();
    int[] inside = new int[2];
    for (TdVcpu vcpu : td.vcpuArray()) {
      if (vcpu.isInside()) {
        inside[(int) vcpu.epoch() & 1]++;
        if (vcpu.epoch() < epochs.epoch() - 1 || vcpu.epoch() > epochs.epoch()) {
          report(
              ModuleRule.EPOCHS,
              "the vCPU 0x%x is inside since epoch %d, and it is %d",
              vcpu.tdvpr(),
              vcpu.epoch(),
              epochs.epoch());
        }
      }
    }
    for (int parity = 0; parity < 2; parity++) {
      if (inside[parity] != epochs.inside(parity)) {
        report(
            ModuleRule.EPOCHS,
            "of parity %d, %d vCPUs are inside and %d counted",
            parity,
            inside[parity],
            epochs.inside(parity));
      }
    }
  }

  private void auditTable(TrustDomain td, long[] table, int level, long gpa) {
    for (int index = 0; index < geometry.entries(); index++) {
      long at = gpa + index * SeptEntry.pageBytes(level, geometry);
      auditEntry(td, SecureEpt.entryAcquire(table, index), level, at);
    }
  }

  private void auditEntry(TrustDomain td, long entry, int level, long gpa) {
    SeptState state = SeptEntry.stateOrNull(entry);
    if (state == null || !hasBitsOf(entry, state, level)) {
      report(ModuleRule.ENTRY_BITS, "gpa 0x%x, level %d: the entry 0x%016x", gpa, level, entry);
      return;
    }
    if (state.isLeaf()) {
      if (level > Pamt.PG_1G) {
        report(ModuleRule.TREE, "gpa 0x%x: a leaf at level %d", gpa, level);
      } else {
        auditLeaf(td, entry, state, level, gpa);
      }
    } else if (state.isNonLeaf()) {
      if (level == 0) {
        report(ModuleRule.TREE, "gpa 0x%x: a table below level 0", gpa);
      } else {
        auditNonLeaf(td, entry, state, level, gpa);
      }
    }
  }

  private boolean hasBitsOf(long entry, SeptState state, int level) {
    long unlocked = entry & ~SeptEntry.TDHP; // a loser's mark may be left
    long address = SeptEntry.pageHpa(entry, Pamt.PG_4K, geometry);
    if (state == SeptState.REMOVED) {
      return unlocked == SeptEntry.makeRemoved(address >>> Geometry.PAGE_SHIFT);
    }
    if (state.isPending() && !state.isAcceptable() && level == Pamt.PG_2M) {
      address = SeptEntry.pageHpa(entry, level, geometry); // no ACCEPT_COUNTER
    }
    return unlocked == SeptEntry.make(state, state == SeptState.FREE ? 0 : address);
  }

  private void auditLeaf(TrustDomain td, long entry, SeptState state, int level, long gpa) {
    long hpa = SeptEntry.pageHpa(entry, level, geometry);
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    String where = String.format("gpa 0x%x, level %d: page 0x%x", gpa, level, pfn);
    boolean hasCounter = state.isAcceptable() && level == Pamt.PG_2M;
    long named = SeptEntry.pageHpa(entry, Pamt.PG_4K, geometry);
    if (!hasCounter && named != hpa) {
      report(ModuleRule.LEAF_PAGE, "%s is named as 0x%x", where, named);
    }
    if (!pamt.contains(pfn)
        || pamt.typeAcquire(level, pfn) != PageType.REG
        || pamt.ownerAcquire(level, pfn) != td.tdrPfn()
        || level > Pamt.PG_4K && !pamt.areChildrenFree(level, pfn)
        || hasRegAbove(level, pfn)) {
      report(ModuleRule.LEAF_PAGE, "%s is not assigned to the TD at this size", where);
    }
    name(pfn, false, where);
    if (state.isBlocked() && pamt.contains(pfn)) {
      auditBepoch(td, pamt.bepochVolatile(level, pfn), where);
    }
  }

  private boolean hasRegAbove(int level, long pfn) {
    for (int above = level + 1; above <= Pamt.PG_1G; above++) {
      if (pamt.typeAcquire(above, pfn) == PageType.REG) {
        return true;
      }
    }
    return false;
  }

  private void auditNonLeaf(TrustDomain td, long entry, SeptState state, int level, long gpa) {
    long pfn = SeptEntry.tableHpa(entry) >>> Geometry.PAGE_SHIFT;
    String where = String.format("gpa 0x%x, level %d: table 0x%x", gpa, level, pfn);
    if (!pamt.contains(pfn)) {
      report(ModuleRule.TABLE_PAGE, "%s lies in no TDMR", where);
      return;
    }
    if (pamt.typeAcquire(Pamt.PG_4K, pfn) != PageType.EPT
        || pamt.ownerAcquire(Pamt.PG_4K, pfn) != td.tdrPfn()) {
      report(ModuleRule.TABLE_PAGE, "%s is not assigned to the TD as a table", where);
    }
    if (!name(pfn, true, where)) {
      return; // its entries are seen already
    }
    if (state.isBlocked()) {
      auditBepoch(td, pamt.bepochVolatile(Pamt.PG_4K, pfn), where);
    }
    auditTable(td, pamt.table(pfn), level - 1, gpa);
  }

  private void auditBepoch(TrustDomain td, long bepoch, String where) {
    if (bepoch > td.epochs().epoch()) {
      report(
          ModuleRule.EPOCHS,
          "%s was blocked in epoch %d, and it is %d",
          where,
          bepoch,
          td.epochs().epoch());
    }
  }

  /** Notes that something names a page; false if something did already. */
  private boolean name(long pfn, boolean asTable, String where) {
    String other = namedPages.putIfAbsent(pfn, where);
    if (other != null) {
      report(
          asTable && tables.contains(pfn) ? ModuleRule.TREE : ModuleRule.MAPPED_ONCE,
          "%s is also named by %s",
          where,
          other);
    } else if (asTable) {
      tables.add(pfn);
    }
    return other == null;
  }

  /** Every descriptor: what is assigned is named, and is assigned once. */
  private void auditPages() {
    for (long pfn = pamt.firstPfn(); pfn < pamt.endPfn(); pfn += pamt.pagesOf(Pamt.PG_2M)) {
      if (pamt.typeAcquire(Pamt.PG_2M, pfn) == PageType.PAMT) {
        auditPair(pfn);
      }
    }
    for (long pfn = pamt.firstPfn(); pfn < pamt.endPfn(); pfn += pamt.pagesOf(Pamt.PG_2M)) {
      boolean inGig = pamt.typeAcquire(Pamt.PG_1G, pfn) == PageType.REG;
      if ((pfn & pamt.pagesOf(Pamt.PG_1G) - 1) == 0) {
        auditPage(Pamt.PG_1G, pfn);
      }
      auditPage(Pamt.PG_2M, pfn);
      boolean inTwoMegs = pamt.typeAcquire(Pamt.PG_2M, pfn) == PageType.REG;
      if (inGig && inTwoMegs) {
        report(ModuleRule.PAMT, "page 0x%x is assigned at 2M and at 1G", pfn);
      }
      if (pamt.isTouched(pfn)) {
        auditBlock(pfn, inGig || inTwoMegs);
      }
    }
  }

  private void auditBlock(long block, boolean isLarge) {
    int used = 0;
    for (long pfn = block; pfn < Math.min(block + pamt.pagesOf(1), pamt.endPfn()); pfn++) {
      auditPage(Pamt.PG_4K, pfn);
      PageType type = pamt.typeAcquire(Pamt.PG_4K, pfn);
      if (type == PageType.NDA) {
        continue;
      }
      used++;
      if (isLarge) {
        report(ModuleRule.PAMT, "page 0x%x is assigned at 4K and in a larger page", pfn);
      } else if (type != PageType.RSVD && !pamt.hasDescriptors(pfn)) {
        report(ModuleRule.PAMT, "page 0x%x is assigned, and has no page pair", pfn);
      }
    }
    if (used != pamt.used(block)) {
      report(
          ModuleRule.PAMT, "block 0x%x: %d pages used, %d counted", block, used, pamt.used(block));
    }
  }

  private void auditPage(int level, long pfn) {
    PageType type = pamt.typeAcquire(level, pfn);
    int word = TryLocks.wordVolatile(pamt.lockWords(level, pfn), pamt.lockIndex(level, pfn));
    int readers = vcpusHolding(type, pfn);
    if (withoutMark(word) != TryLocks.heldBy(readers)) {
      report(
          ModuleRule.PAMT,
          "the lock of page 0x%x at level %d is 0x%x at rest, with %d vCPUs inside",
          pfn,
          level,
          word,
          readers);
    }
    if (type == PageType.RSVD && !paired.contains(pfn)) {
      report(ModuleRule.PAMT, "page 0x%x is reserved, and in no page pair", pfn);
    }
    boolean isOwned = type != PageType.NDA && type != PageType.RSVD && type != PageType.PAMT;
    if (isOwned && type != PageType.TDR) {
      auditOwned(level, pfn, type);
    }
  }

  /** How many vCPUs hold a root page, shared, because they are inside. */
  private int vcpusHolding(PageType type, long pfn) {
    TrustDomain td =
        switch (type) {
          case TDR -> module.td(pfn);
          case TDVPR -> module.td(pamt.ownerAcquire(Pamt.PG_4K, pfn));
          default -> null;
        };
    int holding = 0;
    if (td != null) {
      for (TdVcpu vcpu : td.vcpuArray()) {
        holding += vcpu.holdsPages && (type == PageType.TDR || vcpu.tdvprPfn() == pfn) ? 1 : 0;
      }
    }
    return holding;
  }

  private void auditOwned(int level, long pfn, PageType type) {
    long owner = pamt.ownerAcquire(level, pfn);
    owned.merge(owner, pamt.pagesOf(level), Long::sum);
    TrustDomain td = module.td(owner);
    if (td == null) {
      report(ModuleRule.PAMT, "page 0x%x belongs to no TD", pfn);
    } else if (td.lifecycle() != Lifecycle.TEARDOWN
        && (type == PageType.REG || type == PageType.EPT)
        && !namedPages.containsKey(pfn)) {
      report(
          type == PageType.REG ? ModuleRule.MAPPED_ONCE : ModuleRule.TREE,
          "page 0x%x is assigned as %s and named by nothing",
          pfn,
          type);
    }
  }

  private void auditPair(long block) {
    for (long pfn : new long[] {pamt.firstOfPair(block), pamt.secondOfPair(block)}) {
      if (!paired.add(pfn)) {
        report(ModuleRule.PAMT, "page 0x%x of the pair of 0x%x is in a pair twice", pfn, block);
      } else if (!pamt.contains(pfn) || pamt.typeAcquire(Pamt.PG_4K, pfn) != PageType.RSVD) {
        report(ModuleRule.PAMT, "page 0x%x of the pair of 0x%x is not reserved", pfn, block);
      }
    }
  }
}
