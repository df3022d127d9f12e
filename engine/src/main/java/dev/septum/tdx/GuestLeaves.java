package dev.septum.tdx;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What a guest does to its private memory, and what the module makes of it: an access, and
 * TDG.MEM.PAGE.ACCEPT. Nothing here throws for what a guest asks.
 *
 * <p>A vCPU must be inside. Its walks take no lock: TLB tracking keeps what they pass through.
 */
public final class GuestLeaves {
  /** The exit reason of an EPT violation. */
  public static final long EPT_VIOLATION = 0x30;

  /** How long a guest may be refused an entry that the host wants, before its vCPU exits. */
  public static final long HOST_PRIORITY_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int READ_QUALIFICATION = 1;
  private static final int WRITE_QUALIFICATION = 2;
  private static final int LEVEL_MASK = 7;
  private static final int MOST_ACCEPT_LEVEL = 1;
  private static final long PAGE_MASK = (1L << Geometry.PAGE_SHIFT) - 1;
  private static final long GPA_MASK = (1L << Geometry.MAX_ADDRESS_BITS) - 1 & ~PAGE_MASK;

  private final TdxModule module;
  private final Geometry geometry;
  private final SecureEpt sept;
  private final Pamt pamt;
  private final LongSupplier clock;

  GuestLeaves(TdxModule module, LongSupplier clock) {
    this.module = module;
    this.geometry = module.geometry();
    this.sept = module.sept();
    this.pamt = module.pamt();
    this.clock = clock;
  }

  /**
   * Walks as hardware does, to the entry that decides about an address, and changes nothing.
   *
   * @param gpa a private address, in bytes
   * @param place its table, index and level are left here
   * @return the entry; a leaf that allows something, or what does not
   */
  public long walk(TdVcpu vcpu, long gpa, SeamcallRegisters place) {
    place.gpa = gpa;
    place.level = 0;
    sept.walk(vcpu.td(), place);
    return place.entry;
  }

  /** The level at which a {@link #walk} ended. */
  public int walkLevel(SeamcallRegisters place) {
    return place.walkLevel;
  }

  /** The first frame of the page that a {@link #walk} ended at, which was accessible. */
  public long walkPfn(SeamcallRegisters place) {
    return SeptEntry.pageHpa(place.entry, place.walkLevel, geometry) >>> Geometry.PAGE_SHIFT;
  }

  /**
   * An access that is not in the TLB.
   *
   * @param gpa a private address, in bytes
   * @param accessBits one or more of {@link Access#bit}
   * @return RETURNED if it is allowed: the leaf is what {@link #walk} leaves
   */
  public GuestOutcome access(TdVcpu vcpu, long gpa, int accessBits, SeamcallRegisters place) {
    long entry = walk(vcpu, gpa, place);
    if (SeptEntry.isAccessible(entry) && (SeptEntry.rwx(entry) & accessBits) == accessBits) {
      vcpu.violations = 0;
      return GuestOutcome.RETURNED;
    }
    return violation(vcpu, gpa, accessBits, entry);
  }

  /** What the module makes of an EPT violation that hardware has found at an entry. */
  public GuestOutcome violation(TdVcpu vcpu, long gpa, int accessBits, long entry) {
    module.checkSound();
    SeptState state = SeptEntry.state(entry);
    if (state.isAcceptable() && !vcpu.td().isPendingVeDisabled()) {
      if (vcpu.veInfoValid) {
        return GuestOutcome.INJECTED_DF;
      }
      vcpu.veInfoValid = true;
      vcpu.veGpa = gpa;
      return GuestOutcome.INJECTED_VE;
    }
    noteViolation(vcpu, gpa);
    boolean isWrite = (accessBits & Access.WRITE.bit()) != 0;
    exit(
        vcpu,
        EPT_VIOLATION,
        isWrite ? WRITE_QUALIFICATION : READ_QUALIFICATION,
        state.isAcceptable() ? ExitQualification.PENDING_EPT_VIOLATION : ExitQualification.NONE,
        gpa);
    return GuestOutcome.TD_EXIT;
  }

  /** Zero-step mitigation: violations at one instruction, and where, from the seventh on. */
  private static void noteViolation(TdVcpu vcpu, long gpa) {
    if (vcpu.rip != vcpu.lastViolationRip) {
      vcpu.lastViolationRip = vcpu.rip;
      vcpu.violations = 0;
      vcpu.lastEpfCount = 0;
    }
    if (vcpu.violations < TdVcpu.VIOLATIONS_BEFORE_STEPPING) {
      vcpu.violations++;
      return;
    }
    long page = gpa & ~PAGE_MASK;
    for (int i = 0; i < vcpu.lastEpfCount; i++) {
      if (vcpu.lastEpfGpas[i] == page) {
        return;
      }
    }
    if (vcpu.lastEpfCount < TdVcpu.LAST_EPF_GPA_LIST) {
      vcpu.lastEpfGpas[vcpu.lastEpfCount++] = page;
    }
  }

  /** Whether a suspected address would fault again; if so, the vCPU has an exit that says so. */
  boolean wouldFaultAgain(TdVcpu vcpu) {
    SeamcallRegisters place = vcpu.place;
    for (int i = 0; i < vcpu.lastEpfCount; i++) {
      long gpa = vcpu.lastEpfGpas[i];
      if (!SeptEntry.isAccessible(walk(vcpu, gpa, place))) {
        vcpu.exitRax = EPT_VIOLATION;
        vcpu.exitQualification = WRITE_QUALIFICATION;
        vcpu.extendedExitQualification = ExitQualification.NONE;
        vcpu.exitGpa = gpa;
        return true;
      }
    }
    return false;
  }

  /** The vCPU leaves, and says why. */
  private void exit(TdVcpu vcpu, long rax, long qualification, long extended, long gpa) {
    vcpu.exitRax = rax;
    vcpu.exitQualification = qualification;
    vcpu.extendedExitQualification = extended;
    vcpu.exitGpa = gpa & ~PAGE_MASK;
    leave(vcpu);
  }

  /**
   * The vCPU leaves because it was kicked, or because its guest did something else. Wait-free.
   *
   * @param reason what {@link TdVcpu#exitRax} says afterwards
   */
  public void exit(TdVcpu vcpu, long reason) {
    exit(vcpu, reason, 0, ExitQualification.NONE, 0);
  }

  private void leave(TdVcpu vcpu) {
    if (!vcpu.isInside()) {
      throw new IllegalStateException(
          String.format("the vCPU at 0x%x is not in the guest", vcpu.tdvpr()));
    }
    TrustDomain td = vcpu.td();
    td.epochs().leave(vcpu);
    if (vcpu.holdsPages) {
      vcpu.holdsPages = false;
      release(td.tdrPfn());
      release(vcpu.tdvprPfn());
    }
    vcpu.goOut();
  }

  private void release(long pfn) {
    TryLocks.releaseShared(pamt.lockWords(Pamt.PG_4K, pfn), pamt.lockIndex(Pamt.PG_4K, pfn));
  }

  /**
   * TDG.MEM.PAGE.ACCEPT.
   *
   * @param page level and private address, as RCX has them
   * @return RETURNED with the status in {@link TdVcpu#guestRax}; NOT_ADVANCED; or TD_EXIT
   */
  public GuestOutcome accept(TdVcpu vcpu, long page) {
    module.checkSound();
    TrustDomain td = vcpu.td();
    int level = (int) page & LEVEL_MASK;
    long gpa = page & GPA_MASK;
    if ((page & ~(GPA_MASK | LEVEL_MASK)) != 0
        || level > MOST_ACCEPT_LEVEL
        || gpa >>> td.sharedBit() != 0
        || gpa >>> Geometry.PAGE_SHIFT >= geometry.gfnLimit()
        || (gpa & (SeptEntry.pageBytes(level, geometry) - 1)) != 0) {
      return returned(vcpu, SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, SeamcallStatus.RCX));
    }
    SeamcallRegisters place = vcpu.place;
    place.gpa = gpa;
    place.level = level;
    if (!sept.walk(td, place)) {
      return SeptEntry.isAccessible(place.entry)
          ? returned(vcpu, SeamcallStatus.of(SeamcallStatus.PAGE_ALREADY_ACCEPTED, place.walkLevel))
          : exitForAccept(vcpu, place);
    }
    long status =
        module.faults().isBusy(TdxLeaf.GUEST_ACCEPT, TdxLock.SEPT_ENTRY)
            ? SeamcallStatus.OPERAND_BUSY
            : SecureEpt.tryLockGuest(place.table, place.index);
    if (status != SeamcallStatus.SUCCESS) {
      return refused(vcpu, status);
    }
    vcpu.refusedSince = 0;
    GuestOutcome outcome = null;
    try {
      place.entry = SeptEntry.withoutLocks(SecureEpt.entryAcquire(place.table, place.index));
      outcome = acceptLocked(vcpu, place);
    } finally {
      SecureEpt.unlock(place.table, place.index);
    }
    return outcome == GuestOutcome.TD_EXIT ? exitForAccept(vcpu, place) : outcome;
  }

  /** TD_EXIT here means: to be exited, once the entry is unlocked. */
  private GuestOutcome acceptLocked(TdVcpu vcpu, SeamcallRegisters place) {
    SeptState state = SeptEntry.state(place.entry);
    module.faults().window(TdxLeaf.GUEST_ACCEPT);
    return switch (state) {
      case NL_MAPPED, NL_BLOCKED -> sizeMismatch(vcpu, place);
      case REMOVED ->
          module.isAtLeast(ModuleVersion.V1_5_28)
              ? GuestOutcome.TD_EXIT
              : sizeMismatch(vcpu, place);
      case MAPPED, BLOCKEDW, EXPORTED_BLOCKEDW, EXPORTED_DIRTY, EXPORTED_DIRTY_BLOCKEDW ->
          returned(vcpu, SeamcallStatus.of(SeamcallStatus.PAGE_ALREADY_ACCEPTED, place.level));
      case PENDING -> zeroAndMap(vcpu, place, SeptState.MAPPED);
      case PENDING_EXPORTED_DIRTY -> zeroAndMap(vcpu, place, SeptState.EXPORTED_DIRTY);
      default -> GuestOutcome.TD_EXIT;
    };
  }

  private static GuestOutcome sizeMismatch(TdVcpu vcpu, SeamcallRegisters place) {
    return returned(vcpu, SeamcallStatus.of(SeamcallStatus.PAGE_SIZE_MISMATCH, place.level));
  }

  /**
   * Zeroes the pages that are left, and maps them. An interrupt between two of them ends it; where
   * the first will be is asked before, so that all are zeroed at once: nobody else sees them yet.
   */
  private GuestOutcome zeroAndMap(TdVcpu vcpu, SeamcallRegisters place, SeptState accepted) {
    int level = place.level;
    int counter = SeptEntry.acceptCounter(place.entry, level, geometry);
    long pfn = SeptEntry.pageHpa(place.entry, level, geometry) >>> Geometry.PAGE_SHIFT;
    int pages = (int) pamt.pagesOf(level);
    int interrupted =
        module.faults().firstInterrupt(TdxLeaf.GUEST_ACCEPT, Math.max(0, pages - 1 - counter));
    int end = interrupted < 0 ? pages : counter + interrupted + 1;
    module.hostPages().zero(pfn + counter, end - counter);
    if (interrupted >= 0) {
      sept.write(place, SeptEntry.withAcceptCounter(place.entry, end, geometry));
      return GuestOutcome.NOT_ADVANCED;
    }
    sept.write(place, SeptEntry.makeLeaf(accepted, pfn << Geometry.PAGE_SHIFT));
    return returned(vcpu, SeamcallStatus.SUCCESS);
  }

  private static GuestOutcome returned(TdVcpu vcpu, long status) {
    vcpu.guestRax = status;
    return GuestOutcome.RETURNED;
  }

  /** The entry is locked, or wanted by the host: the guest is to try again, for a while. */
  private GuestOutcome refused(TdVcpu vcpu, long status) {
    if (status == SeamcallStatus.OPERAND_BUSY_HOST_PRIORITY) {
      long now = clock.getAsLong() | 1; // 0 says none
      if (vcpu.refusedSince == 0) {
        vcpu.refusedSince = now;
      } else if (now - vcpu.refusedSince > HOST_PRIORITY_TIMEOUT_NANOS) {
        vcpu.refusedSince = 0;
        exit(vcpu, SeamcallStatus.HOST_PRIORITY_BUSY_TIMEOUT);
        return GuestOutcome.TD_EXIT;
      }
    }
    return returned(vcpu, SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.RCX));
  }

  private GuestOutcome exitForAccept(TdVcpu vcpu, SeamcallRegisters place) {
    long qualification =
        ExitQualification.accept(place.level, place.walkLevel, SeptEntry.state(place.entry));
    exit(vcpu, EPT_VIOLATION, WRITE_QUALIFICATION, qualification, place.gpa);
    return GuestOutcome.TD_EXIT;
  }
}
