package dev.septum.tdx;

import static dev.septum.tdx.SeamcallStatus.R12;
import static dev.septum.tdx.SeamcallStatus.R13;
import static dev.septum.tdx.SeamcallStatus.RCX;
import static dev.septum.tdx.SeamcallStatus.SUCCESS;

import dev.septum.paging.EntryRun;
import dev.septum.paging.Geometry;
import dev.septum.tdx.Prologue.Tree;

/**
 * TDH.MEM.PAGE.DEMOTE and PROMOTE: a huge page into a table of smaller ones, and back. What the
 * guest has accepted stays accepted, and keeps its content.
 */
final class ResizeLeaves {
  private static final long DEMOTABLE =
      SeptState.maskOf(
          SeptState.MAPPED, SeptState.BLOCKED, SeptState.PENDING, SeptState.PENDING_BLOCKED);
  private static final long NON_LEAVES =
      SeptState.maskOf(SeptState.NL_MAPPED, SeptState.NL_BLOCKED);
  private static final long EMPTY_PAIR = 1L << 62;

  private final ModuleConfig config;
  private final Prologue prologue;
  private final Geometry geometry;
  private final Pamt pamt;
  private final SecureEpt sept;
  private final EntryRun run;
  private final boolean locksChildren;

  ResizeLeaves(TdxModule module, Prologue prologue) {
    this.config = module.config();
    this.prologue = prologue;
    this.geometry = module.geometry();
    this.pamt = module.pamt();
    this.sept = module.sept();
    this.run = new EntryRun(geometry.entries());
    this.locksChildren = !module.isAtLeast(ModuleVersion.V1_5_28);
  }

  /**
   * TDH.MEM.PAGE.DEMOTE. R8 is the page for the table; with dynamic PAMT and 2M, R12 and R13 are
   * the page pair. With non-blocking resize the page need not be blocked: no translation changes.
   */
  long demote(SeamcallRegisters call) {
    final long inRcx = call.rcx;
    final long inRdx = call.rdx;
    long status = prologue.openEntry(call, Tree.SHARED, 0);
    if (status != SUCCESS) {
      return status;
    }
    if (!Prologue.isIn(call, DEMOTABLE)) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    int level = call.level;
    long pfn = prologue.pagePfn(call);
    boolean needsTracking = !config.nonBlockingResize() || SeptEntry.state(call.entry).isBlocked();
    status = needsTracking ? prologue.checkTracked(call, level, pfn) : SUCCESS;
    if (status == SUCCESS) {
      status = prologue.takeFree4k(call, call.r8);
    }
    if (status != SUCCESS) {
      return status;
    }
    fill(call, pamt.table(call.r8 >>> Geometry.PAGE_SHIFT));
    if (!config.enhancedDemoteInterruptibility() && prologue.isInterrupted(call)) {
      call.rcx = inRcx;
      call.rdx = inRdx;
      return SeamcallStatus.INTERRUPTED_RESTARTABLE;
    }
    if (!prologue.tryImplicit(call, level, pfn)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    boolean wantsPair = pamt.isDynamic() && level == Pamt.PG_2M;
    if (wantsPair) {
      status = prologue.takePair(call, call.r12, R12, call.r13, R13, Prologue.NO_RANGE);
      if (status != SUCCESS) {
        return status;
      }
    }
    prologue.window(call);
    if (wantsPair) {
      pamt.addPair(pfn, call.r12 >>> Geometry.PAGE_SHIFT, call.r13 >>> Geometry.PAGE_SHIFT);
    }
    pamt.split(level, pfn);
    pamt.assignRelease(
        Pamt.PG_4K, call.r8 >>> Geometry.PAGE_SHIFT, PageType.EPT, call.td().tdrPfn());
    call.td().addChildren(1);
    sept.writeAndUnlock(call, SeptEntry.makeTable(SeptState.NL_MAPPED, call.r8));
    return SUCCESS;
  }

  private void fill(SeamcallRegisters call, long[] table) {
    SeptState state = SeptEntry.state(call.entry).unblocked();
    long first = SeptEntry.withState(call.entry, state, call.level, geometry);
    run.fillPlain(table, 0, first, SeptEntry.pageBytes(call.level - 1, geometry));
  }

  /**
   * TDH.MEM.PAGE.PROMOTE: RCX becomes the address of the table's page; with dynamic PAMT and 2M,
   * R12 and R13 those of the page pair.
   */
  long promote(SeamcallRegisters call) {
    final long inRcx = call.rcx;
    final long inRdx = call.rdx;
    long status = prologue.openEntry(call, locksChildren ? Tree.SHARED : Tree.EXCLUSIVE, 0);
    if (status != SUCCESS) {
      return status;
    }
    if (!Prologue.isIn(call, NON_LEAVES)) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    long tablePfn = Prologue.tablePfn(call);
    if (!prologue.tryImplicit(call, Pamt.PG_4K, tablePfn)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    status = prologue.checkTracked(call, Pamt.PG_4K, tablePfn);
    if (status != SUCCESS) {
      return status;
    }
    long[] table = pamt.table(tablePfn);
    if (!locksChildren) {
      return areParts(table, call.level)
          ? merge(call, table, tablePfn, inRcx, inRdx)
          : prologue.refuse(call, SeamcallStatus.EPT_INVALID_PROMOTE_CONDITIONS);
    }
    int locked = 0;
    boolean isDone = false;
    try {
      for (; locked < table.length; locked++) {
        if (!SecureEpt.tryLockHost(table, locked)) {
          return prologue.refuse(call, SeamcallStatus.OPERAND_BUSY);
        }
        if (!isPart(table, locked, call.level)) {
          locked++;
          return prologue.refuse(call, SeamcallStatus.EPT_INVALID_PROMOTE_CONDITIONS);
        }
      }
      status = merge(call, table, tablePfn, inRcx, inRdx);
      isDone = status == SUCCESS;
      return status;
    } finally {
      // The children of a table that is gone stay locked: who is late finds them busy.
      if (!isDone) {
        while (locked > 0) {
          SecureEpt.unlock(table, --locked);
        }
      }
    }
  }

  /** The last part of PROMOTE, once the children were found to be the parts of one page. */
  private long merge(SeamcallRegisters call, long[] table, long tablePfn, long inRcx, long inRdx) {
    if (prologue.isInterrupted(call)) {
      call.rcx = inRcx;
      call.rdx = inRdx;
      return SeamcallStatus.INTERRUPTED_RESTARTABLE;
    }
    long pfn = SeptEntry.pageHpa(table[0], call.level - 1, geometry) >>> Geometry.PAGE_SHIFT;
    if (!prologue.tryImplicit(call, call.level, pfn)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    prologue.window(call);
    commit(call, table, pfn, tablePfn);
    return SUCCESS;
  }

  private void commit(SeamcallRegisters call, long[] table, long pfn, long tablePfn) {
    int level = call.level;
    SeptState state = SeptEntry.state(table[0]);
    if (pamt.isDynamic() && level == Pamt.PG_2M) {
      call.r12 = pamt.firstOfPair(pfn) << Geometry.PAGE_SHIFT;
      call.r13 = pamt.secondOfPair(pfn) << Geometry.PAGE_SHIFT;
      pamt.removePair(pfn);
    }
    pamt.merge(level, pfn);
    sept.writeAndUnlock(call, SeptEntry.makeLeaf(state, pfn << Geometry.PAGE_SHIFT));
    pamt.freeRelease(Pamt.PG_4K, tablePfn);
    call.td().addChildren(-1);
    call.rcx = tablePfn << Geometry.PAGE_SHIFT | emptyPairHint(tablePfn);
  }

  private long emptyPairHint(long pfn) {
    return pamt.isDynamic()
            && pamt.typeAcquire(Pamt.PG_2M, pfn) == PageType.PAMT
            && pamt.used(pfn) == 0
        ? EMPTY_PAIR
        : 0;
  }

  /**
   * Whether all children are what the merged page has in their places. Plain reads: this call has
   * the tree alone, and the table is out of every guest's reach, if there is one inside.
   */
  private boolean areParts(long[] table, int level) {
    long first = withoutCounter(comparable(table[0]), level);
    if (!isFirstPart(first, level)) {
      return false;
    }
    long step = SeptEntry.pageBytes(level - 1, geometry);
    long differences = comparable(run.differencesPlain(table, 0, first, step));
    if (level == Pamt.PG_1G && SeptEntry.state(first) == SeptState.PENDING) {
      differences = SeptEntry.withAcceptCounter(differences, 0, geometry);
    }
    return differences == 0;
  }

  private boolean isFirstPart(long first, int level) {
    SeptState state = SeptEntry.stateOrNull(first);
    long aligned = SeptEntry.pageBytes(level, geometry) - 1;
    return (state == SeptState.MAPPED || state == SeptState.PENDING)
        && (SeptEntry.pageHpa(first, level - 1, geometry) & aligned) == 0;
  }

  /** Whether a child is what the merged page has in its place. */
  private boolean isPart(long[] table, int index, int level) {
    long first = withoutCounter(comparable(table[0]), level);
    return isFirstPart(first, level)
        && withoutCounter(comparable(SecureEpt.entryAcquire(table, index)), level)
            == SeptEntry.child(first, level, index, geometry);
  }

  private long comparable(long entry) {
    return locksChildren ? SeptEntry.withoutLocks(entry) : SeptEntry.withoutLocksAndFlags(entry);
  }

  /** A child of a 1G page may be half accepted: that is forgotten. */
  private long withoutCounter(long entry, int level) {
    return level == Pamt.PG_1G && SeptEntry.acceptCounter(entry, Pamt.PG_2M, geometry) != 0
        ? SeptEntry.withAcceptCounter(entry, 0, geometry)
        : entry;
  }
}
