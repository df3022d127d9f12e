package dev.septum.tdx;

import static dev.septum.tdx.SeamcallStatus.R8;
import static dev.septum.tdx.SeamcallStatus.RCX;
import static dev.septum.tdx.SeamcallStatus.RDX;
import static dev.septum.tdx.SeamcallStatus.SUCCESS;

import dev.septum.paging.Geometry;

/** Leaf functions about host pages, whoever owns them. */
final class PhymemLeaves {
  private static final long PAGE_MASK = (1L << Geometry.PAGE_SHIFT) - 1;
  private static final long KEY_MASK =
      (1L << Geometry.MAX_ADDRESS_BITS) - (1L << ModuleConfig.PHYSICAL_BITS);
  private static final long LEVEL_MASK = 7;

  private final TdxModule module;
  private final Prologue prologue;
  private final Pamt pamt;

  PhymemLeaves(TdxModule module, Prologue prologue) {
    this.module = module;
    this.prologue = prologue;
    this.pamt = module.pamt();
  }

  /** The level of the descriptor that decides about a page. */
  private int leafLevel(long pfn) {
    for (int level = Pamt.PG_1G; level > Pamt.PG_4K; level--) {
      if (pamt.typeAcquire(level, pfn) == PageType.REG) {
        return level;
      }
    }
    return Pamt.PG_4K;
  }

  /** Type, owner and size of a page, in RCX, RDX and R8. */
  private void show(SeamcallRegisters call, int level, long pfn) {
    call.rcx = pamt.typeAcquire(level, pfn).number();
    call.rdx = pamt.ownerAcquire(level, pfn) << Geometry.PAGE_SHIFT;
    call.r8 = level;
  }

  /** Locks the descriptor that decides about a page, the larger ones shared. */
  private boolean tryLeaf(SeamcallRegisters call, int leafLevel, long pfn, boolean alone) {
    for (int level = Pamt.PG_1G; level >= leafLevel; level--) {
      int[] words = pamt.lockWords(level, pfn);
      int at = pamt.lockIndex(level, pfn);
      boolean isHad =
          level == leafLevel && alone
              ? call.tryExclusiveHost(words, at)
              : call.trySharedHost(words, at);
      if (prologue.isBusy(call, TdxLock.PAMT) || !isHad) {
        return false;
      }
    }
    return true;
  }

  /** TDH.PHYMEM.PAGE.RDMD: type, owner, size and BEPOCH of a page, in RCX, RDX, R8 and R9. */
  long readMetadata(SeamcallRegisters call) {
    long hpa = call.rcx;
    clear(call);
    long status = prologue.checkHostPage(hpa, Pamt.PG_4K, RCX);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    int level = leafLevel(pfn);
    if (!tryLeaf(call, level, pfn, false)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    show(call, level, pfn);
    PageType type = pamt.typeAcquire(level, pfn);
    if (type == PageType.REG || type == PageType.EPT) {
      call.r9 = pamt.bepochVolatile(level, pfn);
    }
    return SUCCESS;
  }

  /** TDH.PHYMEM.PAGE.RECLAIM: the same outputs but BEPOCH. */
  long reclaim(SeamcallRegisters call) {
    long hpa = call.rcx;
    clear(call);
    long status = prologue.checkHostPage(hpa, Pamt.PG_4K, RCX);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    int level = leafLevel(pfn);
    if (!tryLeaf(call, level, pfn, true)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    PageType type = pamt.typeAcquire(level, pfn);
    if (type == PageType.NDA || type == PageType.RSVD) {
      return SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, RCX);
    }
    show(call, level, pfn);
    if ((pfn & pamt.pagesOf(level) - 1) != 0) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, RCX);
    }
    TrustDomain td = module.td(type == PageType.TDR ? pfn : pamt.ownerAcquire(level, pfn));
    if (td == null || td.lifecycle() != Lifecycle.TEARDOWN) {
      return SeamcallStatus.LIFECYCLE_STATE_INCORRECT;
    }
    if (type == PageType.TDR) {
      if (td.childCount() != 0) {
        return SeamcallStatus.TD_ASSOCIATED_PAGES_EXIST;
      }
      module.forget(td);
    } else {
      td.addChildren(-pamt.pagesOf(level));
    }
    pamt.freeRelease(level, pfn);
    return SUCCESS;
  }

  private static void clear(SeamcallRegisters call) {
    call.rcx = 0;
    call.rdx = 0;
    call.r8 = 0;
    call.r9 = 0;
  }

  /** TDH.PHYMEM.PAGE.WBINVD: a 4K page that is free; its address has its former key. */
  long writeBack(SeamcallRegisters call) {
    long hpa = call.rcx & ~KEY_MASK;
    long status = prologue.checkHostPage(hpa, Pamt.PG_4K, RCX);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    int level = leafLevel(pfn);
    if (!tryLeaf(call, level, pfn, false)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    return pamt.typeAcquire(level, pfn) == PageType.NDA
        ? SUCCESS
        : SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, RCX);
  }

  // Dynamic PAMT.

  /** TDH.PHYMEM.PAMT.ADD: RCX the 2M range and level 1, RDX and R8 the pages of the pair. */
  long addPair(SeamcallRegisters call) {
    long status = openRange(call);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = (call.rcx & ~PAGE_MASK) >>> Geometry.PAGE_SHIFT;
    if (pamt.typeAcquire(Pamt.PG_2M, pfn) != PageType.NDA) {
      return SeamcallStatus.of(SeamcallStatus.HPA_RANGE_NOT_FREE, RCX);
    }
    for (int operand = RDX; ; operand = R8) {
      long page = operand == RDX ? call.rdx : call.r8;
      status = prologue.takeFreeForPair(call, page, operand, pfn);
      if (status != SUCCESS) {
        return status;
      }
      if (call.rdx == call.r8) {
        return SeamcallStatus.of(SeamcallStatus.PAGE_NOT_FREE, operand);
      }
      if (operand == R8) {
        break;
      }
    }
    pamt.addPair(pfn, call.rdx >>> Geometry.PAGE_SHIFT, call.r8 >>> Geometry.PAGE_SHIFT);
    return SUCCESS;
  }

  /** TDH.PHYMEM.PAMT.REMOVE: the pages of the pair come back in RDX and R8. */
  long removePair(SeamcallRegisters call) {
    long status = openRange(call);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = (call.rcx & ~PAGE_MASK) >>> Geometry.PAGE_SHIFT;
    if (pamt.typeAcquire(Pamt.PG_2M, pfn) != PageType.PAMT) {
      return SeamcallStatus.of(SeamcallStatus.NO_PAMT_PAGE_PAIR, RCX);
    }
    if (pamt.used(pfn) != 0) {
      return SeamcallStatus.of(SeamcallStatus.PAMT_PAGE_NOT_EMPTY, RCX);
    }
    call.rdx = pamt.firstOfPair(pfn) << Geometry.PAGE_SHIFT;
    call.r8 = pamt.secondOfPair(pfn) << Geometry.PAGE_SHIFT;
    pamt.removePair(pfn);
    return SUCCESS;
  }

  private long openRange(SeamcallRegisters call) {
    if (!pamt.isDynamic() || (call.rcx & LEVEL_MASK) != Pamt.PG_2M) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, RCX);
    }
    long hpa = call.rcx & ~LEVEL_MASK;
    long status = prologue.checkHostPage(hpa, Pamt.PG_2M, RCX);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    return call.tryExclusiveHost(pamt.lockWords(Pamt.PG_2M, pfn), pamt.lockIndex(Pamt.PG_2M, pfn))
        ? SUCCESS
        : SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
  }
}
