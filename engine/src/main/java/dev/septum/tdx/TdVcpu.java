package dev.septum.tdx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One vCPU of a TD, as the module keeps it. Used by one thread at a time: the one that runs the
 * guest. What its last exit said is kept here.
 */
public final class TdVcpu {
  /** How many violations at one instruction are let pass before their addresses are noted. */
  static final int VIOLATIONS_BEFORE_STEPPING = 6;

  static final int LAST_EPF_GPA_LIST = 32;
  private static final VarHandle INSIDE;

  static {
    try {
      INSIDE = MethodHandles.lookup().findVarHandle(TdVcpu.class, "inside", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final TrustDomain td;
  private final long tdvprPfn;

  private volatile boolean inside;
  private volatile boolean associated;
  private volatile long epoch;
  private boolean mustFlush;

  /** Whether VP.ENTER holds the TDR and the TDVPR for it. */
  boolean holdsPages;

  // The last exit.
  long exitRax;
  long exitQualification;
  long extendedExitQualification;
  long exitGpa;

  // #VE.
  boolean veInfoValid;
  long veGpa;

  // Stepping.
  long rip;
  long lastViolationRip = -1;
  int violations;
  final long[] lastEpfGpas = new long[LAST_EPF_GPA_LIST];
  int lastEpfCount;

  /** When the guest was first refused the entry that it still wants; none if 0. */
  long refusedSince;

  /** Where its calls work; its own. */
  final SeamcallRegisters place = new SeamcallRegisters();

  /** RAX of the last call that returned to the guest. */
  long guestRax;

  TdVcpu(TrustDomain td, long tdvprPfn) {
    this.td = td;
    this.tdvprPfn = tdvprPfn;
  }

  /** The TD that it belongs to. */
  public TrustDomain td() {
    return td;
  }

  /** The host address of its root page, in bytes: RCX of TDH.VP.ENTER. */
  public long tdvpr() {
    return tdvprPfn << dev.septum.paging.Geometry.PAGE_SHIFT;
  }

  long tdvprPfn() {
    return tdvprPfn;
  }

  /** Whether it is in the guest. */
  public boolean isInside() {
    return inside;
  }

  /** Comes in, if it is out. */
  boolean tryComeIn() {
    return INSIDE.compareAndSet(this, false, true);
  }

  void goOut() {
    inside = false;
  }

  boolean isAssociated() {
    return associated;
  }

  void setAssociated(boolean now) {
    associated = now;
  }

  /** VCPU_EPOCH: the TD's epoch when it entered last; 0 before. */
  public long epoch() {
    return epoch;
  }

  void setEpoch(long entered) {
    mustFlush |= entered != epoch;
    epoch = entered;
  }

  /**
   * Whether all cached translations are to be dropped before the guest runs: it has entered in
   * another epoch than before. Asking clears it.
   */
  public boolean takeFlush() {
    boolean flush = mustFlush;
    mustFlush = false;
    return flush;
  }

  /** RAX at the last TD exit: the exit reason, or a status. */
  public long exitRax() {
    return exitRax;
  }

  /** The exit qualification of the last TD exit: 1 read, 2 write. */
  public long exitQualification() {
    return exitQualification;
  }

  /** The extended exit qualification of the last TD exit; see {@link ExitQualification}. */
  public long extendedExitQualification() {
    return extendedExitQualification;
  }

  /** The guest-physical address of the last TD exit, in bytes, of its 4K page. */
  public long exitGpa() {
    return exitGpa;
  }

  /** RAX of the guest's last call that came back to it. */
  public long guestRax() {
    return guestRax;
  }

  /** Whether the guest has a #VE that it has not read yet. */
  public boolean isVeInfoValid() {
    return veInfoValid;
  }

  /** The guest-physical address of the last #VE, in bytes. */
  public long veGpa() {
    return veGpa;
  }

  /** The guest reads (and so clears) what its #VE was about: TDG.VP.VEINFO.GET. */
  public void takeVeInfo() {
    veInfoValid = false;
  }

  /** Where the guest is; any number that differs when it has got on. */
  public void setRip(long address) {
    rip = address;
  }

  /** How many addresses are suspected of being stepped on. */
  public int steppingSuspects() {
    return lastEpfCount;
  }

  /** Violations in a row without progress of the guest, up to the threshold. */
  public int violationsWithoutProgress() {
    return violations;
  }
}
