package dev.septum.tdx;

import static dev.septum.tdx.SeamcallStatus.RCX;
import static dev.septum.tdx.SeamcallStatus.SUCCESS;

import dev.septum.paging.Geometry;
import dev.septum.tdx.Prologue.Tree;

/** Leaf functions about a TD as a whole, and about its vCPUs. */
final class TdLeaves {
  private final TdxModule module;
  private final Prologue prologue;
  private final Pamt pamt;

  TdLeaves(TdxModule module, Prologue prologue) {
    this.module = module;
    this.prologue = prologue;
    this.pamt = module.pamt();
  }

  /** TDH.MEM.TRACK. RCX is the TDR; nothing is written back. */
  long track(SeamcallRegisters call) {
    long status = prologue.openTd(call, call.rcx, RCX, false);
    if (status != SUCCESS) {
      return status;
    }
    TdEpochs epochs = call.td().epochs();
    if (prologue.isBusy(call, TdxLock.TD_EPOCH)
        || !call.tryExclusivePlain(epochs.words(), TdEpochs.lockIndex())) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.TD_EPOCH);
    }
    if (epochs.isPreviousInside() || module.faults().isPreviousEpochBusy()) {
      return SeamcallStatus.PREVIOUS_TLB_EPOCH_BUSY;
    }
    prologue.window(call);
    epochs.advance();
    return SUCCESS;
  }

  /** TDH.MR.FINALIZE. RCX is the TDR. */
  long finalizeBuild(SeamcallRegisters call) {
    long status = prologue.openTd(call, call.rcx, RCX, true);
    if (status != SUCCESS) {
      return status;
    }
    TrustDomain td = call.td();
    if (td.vcpuArray().length == 0) {
      return SeamcallStatus.NO_VCPUS;
    }
    prologue.window(call);
    td.setOpState(OpState.RUNNABLE);
    return SUCCESS;
  }

  /**
   * TDH.VP.ENTER. RCX is the TDVPR. The TDR and the TDVPR stay locked, shared, until the vCPU
   * exits.
   *
   * <p>If the guest was seen to make no progress over faulting addresses, and one of them would
   * fault still, it is not entered: the status is SUCCESS all the same, and the vCPU is outside
   * with an exit that says so.
   */
  long enter(SeamcallRegisters call) {
    long pfn = call.rcx >>> Geometry.PAGE_SHIFT;
    long status = prologue.checkHostPage(call.rcx, Pamt.PG_4K, RCX);
    if (status != SUCCESS) {
      return status;
    }
    if (prologue.isBusy(call, TdxLock.PAMT)
        || !call.trySharedHost(pamt.lockWords(Pamt.PG_4K, pfn), pamt.lockIndex(Pamt.PG_4K, pfn))) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    if (pamt.typeAcquire(Pamt.PG_4K, pfn) != PageType.TDVPR) {
      return SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, RCX);
    }
    long tdr = pamt.ownerAcquire(Pamt.PG_4K, pfn) << Geometry.PAGE_SHIFT;
    status = prologue.openTd(call, tdr, SeamcallStatus.RDX, false);
    if (status != SUCCESS) {
      return status;
    }
    TdVcpu vcpu = vcpuOf(call.td(), pfn);
    if (!vcpu.tryComeIn()) {
      return SeamcallStatus.of(SeamcallStatus.VCPU_STATE_INCORRECT, RCX);
    }
    status = enter(call, vcpu);
    if (status != SUCCESS || !vcpu.isInside()) {
      vcpu.goOut();
    }
    return status;
  }

  private long enter(SeamcallRegisters call, TdVcpu vcpu) {
    if (vcpu.rip != vcpu.lastViolationRip) {
      vcpu.lastEpfCount = 0; // it has got on
    }
    if (vcpu.lastEpfCount > 0) {
      if (!prologue.tryTree(call, Tree.EXCLUSIVE)) {
        return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.SEPT_TREE);
      }
      if (module.guest().wouldFaultAgain(vcpu)) {
        vcpu.goOut();
        return SUCCESS;
      }
      vcpu.lastEpfCount = 0;
      call.releaseLast();
    }
    if (prologue.isBusy(call, TdxLock.TD_EPOCH) || !vcpu.td().epochs().tryEnter(vcpu)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.TD_EPOCH);
    }
    call.releaseLast(); // OP_STATE
    call.handOver(); // TDR and TDVPR, until it exits
    vcpu.holdsPages = true;
    vcpu.setAssociated(true);
    vcpu.exitRax = 0;
    return SUCCESS;
  }

  static TdVcpu vcpuOf(TrustDomain td, long tdvprPfn) {
    for (TdVcpu vcpu : td.vcpuArray()) {
      if (vcpu.tdvprPfn() == tdvprPfn) {
        return vcpu;
      }
    }
    throw new IllegalStateException(String.format("no vCPU of this TD at pfn 0x%x", tdvprPfn));
  }

  // Teardown.

  /** TDH.VP.FLUSH. RCX is the TDVPR. */
  long flush(SeamcallRegisters call) {
    long pfn = call.rcx >>> Geometry.PAGE_SHIFT;
    long status = prologue.checkHostPage(call.rcx, Pamt.PG_4K, RCX);
    if (status != SUCCESS) {
      return status;
    }
    if (prologue.isBusy(call, TdxLock.PAMT)
        || !call.tryExclusiveHost(
            pamt.lockWords(Pamt.PG_4K, pfn), pamt.lockIndex(Pamt.PG_4K, pfn))) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, RCX);
    }
    if (pamt.typeAcquire(Pamt.PG_4K, pfn) != PageType.TDVPR) {
      return SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, RCX);
    }
    TrustDomain td = module.td(pamt.ownerAcquire(Pamt.PG_4K, pfn));
    if (td == null) {
      return SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, RCX);
    }
    TdVcpu vcpu = vcpuOf(td, pfn);
    if (!vcpu.isAssociated()) {
      return SeamcallStatus.of(SeamcallStatus.VCPU_STATE_INCORRECT, RCX);
    }
    vcpu.setAssociated(false);
    return SUCCESS;
  }

  /** TDH.MNG.VPFLUSHDONE. RCX is the TDR. */
  long flushDone(SeamcallRegisters call) {
    long status = openAlone(call, Lifecycle.KEYS_CONFIGURED);
    if (status != SUCCESS) {
      return status;
    }
    for (TdVcpu vcpu : call.td().vcpuArray()) {
      if (vcpu.isAssociated()) {
        return SeamcallStatus.FLUSHVP_NOT_DONE;
      }
    }
    call.td().setLifecycle(Lifecycle.BLOCKED);
    return SUCCESS;
  }

  /** TDH.PHYMEM.CACHE.WB: for every TD whose key is no longer used. */
  long writeBackCaches() {
    for (TrustDomain td : module.tds()) {
      if (td.lifecycle() == Lifecycle.BLOCKED) {
        td.setCachesWrittenBack();
      }
    }
    return SUCCESS;
  }

  /** TDH.MNG.KEY.FREEID. RCX is the TDR. */
  long freeKey(SeamcallRegisters call) {
    long status = openAlone(call, Lifecycle.BLOCKED);
    if (status != SUCCESS) {
      return status;
    }
    if (!call.td().areCachesWrittenBack()) {
      return SeamcallStatus.WBCACHE_NOT_COMPLETE;
    }
    call.td().setLifecycle(Lifecycle.TEARDOWN);
    return SUCCESS;
  }

  private long openAlone(SeamcallRegisters call, Lifecycle wanted) {
    long status = prologue.openTdr(call, call.rcx, RCX, true);
    if (status != SUCCESS) {
      return status;
    }
    return call.td().lifecycle() == wanted ? SUCCESS : SeamcallStatus.LIFECYCLE_STATE_INCORRECT;
  }
}
