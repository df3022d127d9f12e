package dev.septum.tdx;

import static dev.septum.tdx.SeamcallStatus.R8;
import static dev.septum.tdx.SeamcallStatus.R9;
import static dev.septum.tdx.SeamcallStatus.RCX;
import static dev.septum.tdx.SeamcallStatus.RDX;
import static dev.septum.tdx.SeamcallStatus.SUCCESS;

import dev.septum.paging.Geometry;
import dev.septum.tdx.Prologue.Tree;
import java.util.Arrays;

/**
 * TDH.MEM leaf functions that add, remove, block and read. Each returns its status; what it reports
 * besides is in the registers. The order of the checks decides which error is reported; it is the
 * module's.
 */
final class MemLeaves {
  private static final long TAKES_REMOVED = SeptState.maskOf(SeptState.FREE, SeptState.REMOVED);
  private static final long REMOVABLE =
      SeptState.maskOf(
          SeptState.MAPPED,
          SeptState.BLOCKED,
          SeptState.BLOCKEDW,
          SeptState.PENDING,
          SeptState.PENDING_BLOCKED,
          SeptState.PENDING_BLOCKEDW);
  private static final long RELOCATABLE =
      REMOVABLE & ~SeptState.maskOf(SeptState.PENDING_BLOCKEDW)
          | SeptState.maskOf(
              SeptState.PENDING_BLOCKEDW,
              SeptState.EXPORTED_DIRTY_BLOCKEDW,
              SeptState.PENDING_EXPORTED_DIRTY_BLOCKEDW,
              SeptState.PENDING_EXPORTED_BLOCKEDW);
  private static final long NON_LEAVES =
      SeptState.maskOf(SeptState.NL_MAPPED, SeptState.NL_BLOCKED);
  private static final int REMOVED_ON_IMPORT =
      OpState.maskOf(OpState.POST_IMPORT, OpState.LIVE_IMPORT);
  private static final long MIGRATION_EPOCH = 1L << 32;
  private static final long NOT_USED = 1L << 63;

  private final TdxModule module;
  private final Prologue prologue;
  private final Geometry geometry;
  private final Pamt pamt;
  private final SecureEpt sept;

  MemLeaves(TdxModule module, Prologue prologue) {
    this.module = module;
    this.prologue = prologue;
    this.geometry = module.geometry();
    this.pamt = module.pamt();
    this.sept = module.sept();
  }

  // Tables.

  /**
   * TDH.MEM.SEPT.ADD. R8 is the page; NULL_PA asks, in version 1, only whether a table is there.
   */
  long septAdd(SeamcallRegisters call, int version) {
    boolean allowsExisting = (call.rdx & TdxModule.ALLOW_EXISTING) != 0;
    long page = call.r8;
    boolean asks = version > 0 && page == TdxModule.NULL_PA;
    long status = prologue.openEntry(call, Tree.SHARED, TdxModule.ALLOW_EXISTING);
    if (status != SUCCESS) {
      return status;
    }
    SeptState state = SeptEntry.state(call.entry);
    if (state == SeptState.NL_MAPPED && (allowsExisting || asks)) {
      if (version > 0) {
        call.r8 = page | NOT_USED;
      }
      return SUCCESS;
    }
    if (state != SeptState.FREE || asks) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    status =
        page == TdxModule.NULL_PA
            ? SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, R8)
            : prologue.takeFree4k(call, page & ~NOT_USED);
    if (status != SUCCESS) {
      return status;
    }
    prologue.window(call);
    long pfn = (page & ~NOT_USED) >>> Geometry.PAGE_SHIFT;
    Arrays.fill(pamt.table(pfn), SeptEntry.FREE);
    assign(call, Pamt.PG_4K, pfn, PageType.EPT);
    call.td().addChildren(1);
    sept.writeAndUnlock(call, SeptEntry.makeTable(SeptState.NL_MAPPED, pfn << Geometry.PAGE_SHIFT));
    if (version > 0) {
      call.r8 = TdxModule.NULL_PA;
    }
    return SUCCESS;
  }

  /** TDH.MEM.SEPT.REMOVE: RCX becomes the page's address. */
  long septRemove(SeamcallRegisters call) {
    long status = prologue.openEntry(call, Tree.EXCLUSIVE, 0);
    if (status != SUCCESS) {
      return status;
    }
    if (!Prologue.isIn(call, NON_LEAVES)) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    long pfn = Prologue.tablePfn(call);
    if (!prologue.tryImplicit(call, Pamt.PG_4K, pfn)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    status = prologue.checkTracked(call, Pamt.PG_4K, pfn);
    if (status != SUCCESS) {
      return status;
    }
    long empty = module.isAtLeast(ModuleVersion.V1_5_28) ? TAKES_REMOVED : SeptState.FREE.mask();
    for (long child : pamt.table(pfn)) {
      SeptState childState = SeptEntry.stateOrNull(child);
      if (childState == null || (childState.mask() & empty) == 0) {
        return prologue.refuse(call, SeamcallStatus.EPT_PAGE_NOT_FREE);
      }
    }
    prologue.window(call);
    sept.writeAndUnlock(call, SeptEntry.FREE);
    pamt.freeRelease(Pamt.PG_4K, pfn);
    call.td().addChildren(-1);
    call.rcx = pfn << Geometry.PAGE_SHIFT;
    return SUCCESS;
  }

  /** TDH.MEM.SEPT.RD: the entry in RCX, level and state in RDX. */
  long septRead(SeamcallRegisters call) {
    long status = prologue.openEntry(call, Tree.SHARED, 0);
    if (status == SUCCESS) {
      prologue.window(call);
      prologue.refuse(call, SUCCESS); // shows it; not a refusal
    }
    return status;
  }

  // Pages.

  /** TDH.MEM.PAGE.ADD. R8 is the page, R9 the page with the content. */
  long pageAdd(SeamcallRegisters call) {
    long page = call.rcx;
    long tdr = call.rdx;
    call.rcx = 0;
    call.rdx = 0;
    long status = prologue.openTd(call, tdr, RDX, true);
    if (status == SUCCESS) {
      status = prologue.checkAddress(call, page);
    }
    if (status != SUCCESS) {
      return status;
    }
    if (!prologue.walk(call)) {
      return prologue.refuse(call, SeamcallStatus.EPT_WALK_FAILED);
    }
    if (SeptEntry.state(call.entry) != SeptState.FREE) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    long source = call.r9;
    if (Prologue.isKeyed(source) || (source & (1L << Geometry.PAGE_SHIFT) - 1) != 0) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, R9);
    }
    status = prologue.takeFree4k(call, call.r8);
    if (status != SUCCESS) {
      return status;
    }
    if (SeptEntry.isLocked(SecureEpt.entryAcquire(call.table, call.index))) {
      throw module.fatal(
          String.format("gpa 0x%x: locked while PAGE.ADD holds the TD alone", call.gpa));
    }
    prologue.window(call);
    long pfn = call.r8 >>> Geometry.PAGE_SHIFT;
    module.hostPages().copy(source >>> Geometry.PAGE_SHIFT, pfn);
    assign(call, Pamt.PG_4K, pfn, PageType.REG);
    SecureEpt.writeUnlocked(
        call.table,
        call.index,
        SeptEntry.makeLeaf(SeptState.MAPPED, call.r8)
            | SecureEpt.entryAcquire(call.table, call.index) & SeptEntry.TDHP);
    call.td().addChildren(1);
    return SUCCESS;
  }

  /** TDH.MEM.PAGE.AUG. R8 is the page, of the size of the level. */
  long pageAug(SeamcallRegisters call) {
    long status = prologue.openEntry(call, Tree.SHARED, 0);
    if (status != SUCCESS) {
      return status;
    }
    if (!Prologue.isIn(call, TAKES_REMOVED)) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    long hpa = call.r8;
    int level = call.level;
    status = level == Pamt.PG_4K ? prologue.takeFree4k(call, hpa) : takeFree2m(call, hpa);
    if (status != SUCCESS) {
      return status;
    }
    prologue.window(call);
    assign(call, level, hpa >>> Geometry.PAGE_SHIFT, PageType.REG);
    call.td().addChildren(pamt.pagesOf(level));
    sept.writeAndUnlock(call, SeptEntry.makeLeaf(SeptState.PENDING, hpa));
    return SUCCESS;
  }

  /** Locks a 2M page that the host gives, and checks that all of it is free. */
  private long takeFree2m(SeamcallRegisters call, long hpa) {
    long status = prologue.checkHostPage(hpa, Pamt.PG_2M, R8);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    int level = prologue.walkPamt(call, pfn, Pamt.PG_2M, true);
    if (level == Prologue.BUSY) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, R8);
    }
    return level == Pamt.PG_2M
            && pamt.typeAcquire(Pamt.PG_2M, pfn) == PageType.NDA
            && pamt.areChildrenFree(Pamt.PG_2M, pfn)
        ? SUCCESS
        : SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, R8);
  }

  private void assign(SeamcallRegisters call, int level, long pfn, PageType type) {
    pamt.assignUnblockedRelease(level, pfn, type, call.td().tdrPfn());
  }

  /** TDH.MEM.PAGE.REMOVE: RCX becomes the page's address. */
  long pageRemove(SeamcallRegisters call) {
    long status = prologue.openEntry(call, Tree.SHARED, 0);
    if (status != SUCCESS) {
      return status;
    }
    if (!Prologue.isIn(call, REMOVABLE)) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    int level = call.level;
    long pfn = prologue.pagePfn(call);
    if (!prologue.tryImplicit(call, level, pfn)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    status = prologue.checkTracked(call, level, pfn);
    if (status != SUCCESS) {
      return status;
    }
    prologue.window(call);
    boolean imports = call.td().opState().isIn(REMOVED_ON_IMPORT);
    sept.writeAndUnlock(call, imports ? SeptEntry.makeRemoved(MIGRATION_EPOCH) : SeptEntry.FREE);
    pamt.freeRelease(level, pfn);
    call.td().addChildren(-pamt.pagesOf(level));
    call.rcx = pfn << Geometry.PAGE_SHIFT | emptyPairHint(pfn);
    return SUCCESS;
  }

  /** Dynamic PAMT: bit 62 says that nothing is left that the 2M range's page pair describes. */
  private long emptyPairHint(long pfn) {
    final long emptyPair = 1L << 62;
    return pamt.isDynamic()
            && pamt.typeAcquire(Pamt.PG_2M, pfn) == PageType.PAMT
            && pamt.used(pfn) == 0
        ? emptyPair
        : 0;
  }

  /** TDH.MEM.PAGE.RELOCATE. R8 is the new page; RCX becomes the old one's address. */
  long pageRelocate(SeamcallRegisters call) {
    long status = prologue.openEntry(call, Tree.SHARED, 0);
    if (status != SUCCESS) {
      return status;
    }
    if (!Prologue.isIn(call, RELOCATABLE)) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    long pfn = prologue.pagePfn(call);
    if (call.r8 == pfn << Geometry.PAGE_SHIFT) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, R8);
    }
    if (!prologue.tryImplicit(call, Pamt.PG_4K, pfn)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    SeptState state = SeptEntry.state(call.entry);
    status =
        state == SeptState.PENDING_EXPORTED_BLOCKEDW
            ? SUCCESS
            : prologue.checkTracked(call, Pamt.PG_4K, pfn);
    if (status == SUCCESS) {
      status = prologue.takeFree4k(call, call.r8);
    }
    if (status != SUCCESS) {
      return status;
    }
    prologue.window(call);
    long target = call.r8 >>> Geometry.PAGE_SHIFT;
    if (!state.isPending()) {
      module.hostPages().copy(pfn, target);
    }
    assign(call, Pamt.PG_4K, target, PageType.REG);
    sept.writeAndUnlock(call, SeptEntry.makeLeaf(state.unblocked(), call.r8));
    pamt.freeRelease(Pamt.PG_4K, pfn);
    call.rcx = pfn << Geometry.PAGE_SHIFT;
    return SUCCESS;
  }

  // Blocks.

  /** TDH.MEM.RANGE.BLOCK. The epoch is read behind the write of the entry. */
  long rangeBlock(SeamcallRegisters call) {
    long status = prologue.openEntry(call, Tree.EXCLUSIVE, 0);
    if (status != SUCCESS) {
      return status;
    }
    SeptState state = SeptEntry.state(call.entry);
    SeptState blocked;
    switch (state) {
      case NL_MAPPED -> blocked = SeptState.NL_BLOCKED;
      case MAPPED, BLOCKEDW -> blocked = SeptState.BLOCKED;
      case PENDING, PENDING_BLOCKEDW -> blocked = SeptState.PENDING_BLOCKED;
      default -> {
        return prologue.refuse(
            call,
            state.isBlocked()
                ? SeamcallStatus.GPA_RANGE_ALREADY_BLOCKED
                : SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
      }
    }
    sept.write(call, SeptEntry.withState(call.entry, blocked, call.level, geometry));
    prologue.window(call);
    pamt.setBepochVolatile(blockLevel(call), blockPfn(call), call.td().epochs().epoch());
    return SUCCESS;
  }

  /** TDH.MEM.RANGE.UNBLOCK. */
  long rangeUnblock(SeamcallRegisters call) {
    long status = prologue.openEntry(call, Tree.EXCLUSIVE, 0);
    if (status != SUCCESS) {
      return status;
    }
    SeptState state = SeptEntry.state(call.entry);
    if (!state.isBlocked()) {
      return prologue.refuse(call, SeamcallStatus.EPT_ENTRY_STATE_INCORRECT);
    }
    status = prologue.checkTracked(call, blockLevel(call), blockPfn(call));
    if (status != SUCCESS) {
      return SeamcallStatus.of(
          SeamcallStatus.TLB_TRACKING_NOT_DONE,
          module.isAtLeast(ModuleVersion.V1_5_28) ? RCX : SeamcallStatus.SEPT_TREE);
    }
    prologue.window(call);
    sept.writeAndUnlock(
        call, SeptEntry.withState(call.entry, state.unblocked(), call.level, geometry));
    return SUCCESS;
  }

  /** The level of the descriptor that keeps the epoch of a block: the page's, or the table's. */
  private static int blockLevel(SeamcallRegisters call) {
    return SeptEntry.state(call.entry).isLeaf() ? call.level : Pamt.PG_4K;
  }

  private long blockPfn(SeamcallRegisters call) {
    return SeptEntry.state(call.entry).isLeaf() ? prologue.pagePfn(call) : Prologue.tablePfn(call);
  }
}
