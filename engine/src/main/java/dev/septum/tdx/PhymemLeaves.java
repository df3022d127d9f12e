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

  /** Type, owner and size of a page, in RCX, RDX and R8. */
  private void show(SeamcallRegisters call, int level, long pfn) {
    call.rcx = pamt.typeAcquire(level, pfn).number();
    call.rdx = pamt.ownerAcquire(level, pfn) << Geometry.PAGE_SHIFT;
    call.r8 = level;
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
    int level = prologue.walkPamt(call, pfn, Pamt.PG_4K, false);
    if (level == Prologue.BUSY) {
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
    int level = prologue.walkPamt(call, pfn, Pamt.PG_4K, true);
    if (level == Prologue.BUSY) {
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
    int level = prologue.walkPamt(call, pfn, Pamt.PG_4K, false);
    if (level == Prologue.BUSY) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    return pamt.typeAcquire(level, pfn) == PageType.NDA
        ? SUCCESS
        : SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, RCX);
  }

  // Dynamic PAMT.

  /** TDH.PHYMEM.PAMT.ADD: RCX the 2M range and level 1, RDX and R8 the pages of the pair. */
  long addPair(SeamcallRegisters call) {
    long status = openRange(call, SeamcallStatus.HPA_RANGE_NOT_FREE);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = (call.rcx & ~PAGE_MASK) >>> Geometry.PAGE_SHIFT;
    if (pamt.typeAcquire(Pamt.PG_2M, pfn) != PageType.NDA) {
      return SeamcallStatus.of(SeamcallStatus.HPA_RANGE_NOT_FREE, RCX);
    }
    status = prologue.takePair(call, call.rdx, RDX, call.r8, R8, pfn);
    if (status != SUCCESS) {
      return status;
    }
    pamt.addPair(pfn, call.rdx >>> Geometry.PAGE_SHIFT, call.r8 >>> Geometry.PAGE_SHIFT);
    return SUCCESS;
  }

  /** TDH.PHYMEM.PAMT.REMOVE: the pages of the pair come back in RDX and R8. */
  long removePair(SeamcallRegisters call) {
    long status = openRange(call, SeamcallStatus.NO_PAMT_PAGE_PAIR);
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

  /**
   * Locks the 2M range in RCX.
   *
   * @param otherwise the status of a range in a 1G page
   */
  private long openRange(SeamcallRegisters call, long otherwise) {
    if (!pamt.isDynamic() || (call.rcx & LEVEL_MASK) != Pamt.PG_2M) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, RCX);
    }
    long hpa = call.rcx & ~LEVEL_MASK;
    long status = prologue.checkHostPage(hpa, Pamt.PG_2M, RCX);
    if (status != SUCCESS) {
      return status;
    }
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    int level = prologue.walkPamt(call, pfn, Pamt.PG_2M, true);
    if (level == Prologue.BUSY) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    return level == Pamt.PG_2M ? SUCCESS : SeamcallStatus.of(otherwise, RCX);
  }
}
