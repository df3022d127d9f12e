package dev.septum.tdx;

import static dev.septum.tdx.SeamcallStatus.R8;
import static dev.septum.tdx.SeamcallStatus.RCX;
import static dev.septum.tdx.SeamcallStatus.RDX;

import dev.septum.paging.Geometry;

/**
 * What leaf functions check before they look at their entry, in the module's order: TDR, life
 * cycle, operation state, address and level, tree, walk, entry, state. Locks that were taken are in
 * the call, which lets go of them at its end.
 */
final class Prologue {
  /** How a leaf function holds the tree. */
  enum Tree {
    SHARED,
    EXCLUSIVE
  }

  /** What a PAMT walk returns that has met another's lock: no level. */
  static final int BUSY = -1;

  /** No range, for {@link #takePair}. */
  static final long NO_RANGE = -1;

  private static final long PAGE_MASK = (1L << Geometry.PAGE_SHIFT) - 1;
  private static final long LEVEL_MASK = 7;
  private static final long GPA_MASK = (1L << Geometry.MAX_ADDRESS_BITS) - 1 & ~PAGE_MASK;

  private final TdxModule module;
  private final Geometry geometry;
  private final Pamt pamt;
  private final SecureEpt sept;
  private final TdxFaults faults;
  private final boolean treeHasHostPriority;
  private final boolean promoteSharesTree;

  Prologue(TdxModule module) {
    this.module = module;
    this.geometry = module.geometry();
    this.pamt = module.pamt();
    this.sept = module.sept();
    this.faults = module.faults();
    this.treeHasHostPriority = module.isAtLeast(ModuleVersion.V1_5_28);
    this.promoteSharesTree = !module.isAtLeast(ModuleVersion.V1_5_28);
  }

  /**
   * All that a MEM leaf needs, up to its locked entry. RCX and RDX are 0 behind it unless it has
   * something to say of an entry.
   *
   * @param flags bits of RDX that the leaf takes
   */
  long openEntry(SeamcallRegisters call, Tree tree, long flags) {
    long page = call.rcx;
    long tdr = call.rdx & ~flags;
    call.rcx = 0;
    call.rdx = 0;
    long status = openTd(call, tdr, RDX, false);
    if (status != SeamcallStatus.SUCCESS) {
      return status;
    }
    status = checkAddress(call, page);
    if (status != SeamcallStatus.SUCCESS) {
      return status;
    }
    if (!tryTree(call, tree)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.SEPT_TREE);
    }
    if (!walk(call)) {
      return refuse(call, SeamcallStatus.EPT_WALK_FAILED);
    }
    return lockEntry(call);
  }

  /** TDR, life cycle and operation state. Where the TDR is held alone, OP_STATE needs no lock. */
  long openTd(SeamcallRegisters call, long tdr, int operand, boolean alone) {
    long status = openTdr(call, tdr, operand, alone);
    if (status != SeamcallStatus.SUCCESS) {
      return status;
    }
    TrustDomain td = call.td();
    if (td.lifecycle() != Lifecycle.KEYS_CONFIGURED) {
      return SeamcallStatus.TD_KEYS_NOT_CONFIGURED;
    }
    if (!td.isControlComplete()) {
      return SeamcallStatus.TDCS_NOT_ALLOCATED;
    }
    if (!alone) {
      int at = TrustDomain.opStateLock();
      if (isBusy(call, TdxLock.OP_STATE) || !call.trySharedHost(td.words(), at)) {
        return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, SeamcallStatus.OP_STATE);
      }
    }
    return call.leaf.isAllowedIn(td.opState())
        ? SeamcallStatus.SUCCESS
        : SeamcallStatus.OP_STATE_INCORRECT;
  }

  /** The TD's root page. */
  long openTdr(SeamcallRegisters call, long tdr, int operand, boolean alone) {
    long pfn = tdr >>> Geometry.PAGE_SHIFT;
    if ((tdr & PAGE_MASK) != 0 || tdr >>> Geometry.MAX_ADDRESS_BITS != 0 || isKeyed(tdr)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, operand);
    }
    if (!pamt.contains(pfn)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_ADDR_RANGE_ERROR, operand);
    }
    for (int level = Pamt.PG_1G; level > Pamt.PG_4K; level--) {
      if (!passLarger(level, pfn)) {
        return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, operand);
      }
      if (pamt.typeAcquire(level, pfn) == PageType.REG) {
        return SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, operand);
      }
    }
    int[] words = pamt.lockWords(Pamt.PG_4K, pfn);
    int at = pamt.lockIndex(Pamt.PG_4K, pfn);
    if (isBusy(call, TdxLock.TDR)
        || !(alone ? call.tryExclusiveHost(words, at) : call.trySharedHost(words, at))) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, operand);
    }
    if (pamt.typeAcquire(Pamt.PG_4K, pfn) != PageType.TDR) {
      return SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, operand);
    }
    TrustDomain td = module.td(pfn);
    if (td == null) {
      return SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, operand);
    }
    call.setTd(td);
    return SeamcallStatus.SUCCESS;
  }

  /**
   * Passes a larger descriptor on the way to a TDR. The module holds it shared for the time of the
   * call; while the TDR is one, nobody can make use of it exclusively, so a look is enough.
   */
  private boolean passLarger(int level, long pfn) {
    int[] words = pamt.lockWords(level, pfn);
    int at = pamt.lockIndex(level, pfn);
    if (!TryLocks.isExclusive(TryLocks.wordVolatile(words, at))) {
      return true;
    }
    if (TryLocks.trySharedHost(words, at)) { // free meanwhile
      TryLocks.releaseShared(words, at);
      return true;
    }
    return false;
  }

  /** Whether an address has key bits: bits above the physical address width. */
  static boolean isKeyed(long hpa) {
    return hpa >>> ModuleConfig.PHYSICAL_BITS != 0;
  }

  /** Level and private address, in the format of RCX. */
  long checkAddress(SeamcallRegisters call, long page) {
    int level = (int) (page & LEVEL_MASK);
    long gpa = page & GPA_MASK;
    boolean isValid =
        (page & ~(GPA_MASK | LEVEL_MASK)) == 0
            && call.leaf.takesLevel(level, geometry.levels() - 1)
            && isPrivate(call.td(), gpa)
            && (gpa & (SeptEntry.pageBytes(level, geometry) - 1)) == 0;
    if (!isValid) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, RCX);
    }
    call.level = level;
    call.gpa = gpa;
    return SeamcallStatus.SUCCESS;
  }

  /** Whether an address lies in the private half of what the tree covers. */
  boolean isPrivate(TrustDomain td, long gpa) {
    return gpa >>> td.sharedBit() == 0 && gpa >>> Geometry.PAGE_SHIFT < geometry.gfnLimit();
  }

  boolean tryTree(SeamcallRegisters call, Tree tree) {
    if (isBusy(call, TdxLock.SEPT_TREE)) {
      return false;
    }
    int[] words = call.td().words();
    int at = TrustDomain.treeLock();
    if (treeHasHostPriority) {
      return tree == Tree.SHARED ? call.trySharedHost(words, at) : call.tryExclusiveHost(words, at);
    }
    return tree == Tree.SHARED ? call.trySharedPlain(words, at) : call.tryExclusivePlain(words, at);
  }

  /** Walks to the entry of the call. */
  boolean walk(SeamcallRegisters call) {
    boolean reached = sept.walk(call.td(), call);
    if (SeptEntry.stateOrNull(call.entry) == null) {
      throw module.fatal(
          String.format(
              "gpa 0x%x: malformed S-EPT entry 0x%016x at level %d",
              call.gpa, call.entry, call.walkLevel));
    }
    return reached;
  }

  /**
   * Locks the entry where the walk has ended, and reads it again.
   *
   * <p>In 1.5.01 PROMOTE holds the tree shared as well, and can free the table between the walk and
   * the lock. The entries of a table that is gone stay locked, but its page can be a table again by
   * now, in another place, with entries that are not. So the walk is made again: while this thread
   * holds the entry, nobody frees its table, nor one above, so that it tells the truth. In newer
   * modules whoever frees a table has the tree alone.
   */
  private long lockEntry(SeamcallRegisters call) {
    if (isBusy(call, TdxLock.SEPT_ENTRY) || !SecureEpt.tryLockHost(call.table, call.index)) {
      return refuse(call, SeamcallStatus.OPERAND_BUSY);
    }
    call.holdEntry();
    if (promoteSharesTree && !sept.leadsToTable(call.td(), call)) {
      return refuse(call, SeamcallStatus.OPERAND_BUSY);
    }
    call.entry = SeptEntry.withoutLocks(SecureEpt.entryAcquire(call.table, call.index));
    return SeamcallStatus.SUCCESS;
  }

  /** A status about the entry, which is shown in RCX and RDX. */
  long refuse(SeamcallRegisters call, long detail) {
    call.rcx = SeptEntry.shown(call.entry);
    call.rdx = SeptEntry.shownState(call.entry, call.walkLevel);
    return SeamcallStatus.of(detail, RCX);
  }

  /** Whether the entry's state is one of those. */
  static boolean isIn(SeamcallRegisters call, long states) {
    return (SeptEntry.state(call.entry).mask() & states) != 0;
  }

  /**
   * Where vCPUs may be inside, what is consumed must be blocked, and tracked since.
   *
   * @param pamtLevel and {@code pfn}: the page whose descriptor holds the epoch of the block
   */
  long checkTracked(SeamcallRegisters call, int pamtLevel, long pfn) {
    TrustDomain td = call.td();
    if (!td.opState().isTrackingRequired()) {
      return SeamcallStatus.SUCCESS;
    }
    if (!SeptEntry.state(call.entry).isBlocked()) {
      long status = refuse(call, SeamcallStatus.GPA_RANGE_NOT_BLOCKED);
      if (SeptEntry.state(call.entry).isLeaf()) {
        call.rcx &= -SeptEntry.pageBytes(call.walkLevel, geometry) | PAGE_MASK;
      }
      return status;
    }
    return td.epochs().isTracked(pamt.bepochVolatile(pamtLevel, pfn))
        ? SeamcallStatus.SUCCESS
        : SeamcallStatus.of(SeamcallStatus.TLB_TRACKING_NOT_DONE, RCX);
  }

  /** The frame that the leaf of the call maps. */
  long pagePfn(SeamcallRegisters call) {
    return SeptEntry.pageHpa(call.entry, call.walkLevel, geometry) >>> Geometry.PAGE_SHIFT;
  }

  static long tablePfn(SeamcallRegisters call) {
    return SeptEntry.tableHpa(call.entry) >>> Geometry.PAGE_SHIFT;
  }

  /** Locks the descriptor of a page that an entry names. */
  boolean tryImplicit(SeamcallRegisters call, int level, long pfn) {
    return !isBusy(call, TdxLock.PAMT)
        && call.tryExclusiveHost(pamt.lockWords(level, pfn), pamt.lockIndex(level, pfn));
  }

  /**
   * Locks a 4K page that the host gives, and checks that it is free: R8, unless said otherwise. The
   * larger descriptors above it are held shared until the call ends.
   */
  long takeFree4k(SeamcallRegisters call, long hpa) {
    return takeFree4k(call, hpa, R8);
  }

  long takeFree4k(SeamcallRegisters call, long hpa, int operand) {
    long status = checkHostPage(hpa, Pamt.PG_4K, operand);
    if (status != SeamcallStatus.SUCCESS) {
      return status;
    }
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    int level = walkPamt(call, pfn, Pamt.PG_4K, true);
    if (level == BUSY) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, operand);
    }
    if (pamt.typeAcquire(level, pfn) != PageType.NDA
        || pamt.typeAcquire(Pamt.PG_4K, pfn) == PageType.RSVD) {
      return SeamcallStatus.of(SeamcallStatus.PAGE_METADATA_INCORRECT, operand);
    }
    return level == Pamt.PG_4K
        ? SeamcallStatus.SUCCESS
        : SeamcallStatus.of(SeamcallStatus.MISSING_PAMT_PAGE_PAIR, operand);
  }

  /**
   * Walks the PAMT to the descriptor that decides about a page, or to that of a level. Each is
   * locked, shared, before it is looked at, and stays so until the call ends: nobody splits, merges
   * or frees the page behind the walk.
   *
   * @param target the smallest level to go to
   * @param alone whether the last one is to be locked exclusively
   * @return the level reached, or {@link #BUSY}
   */
  int walkPamt(SeamcallRegisters call, long pfn, int target, boolean alone) {
    if (isBusy(call, TdxLock.PAMT)) {
      return BUSY;
    }
    for (int level = Pamt.PG_1G; level > Pamt.PG_4K; level--) {
      int[] words = pamt.lockWords(level, pfn);
      int at = pamt.lockIndex(level, pfn);
      if (!call.trySharedHost(words, at)) {
        return BUSY;
      }
      if (level == target || pamt.isLeaf(level, pfn)) {
        return !alone || call.tryPromoteHost(words, at) ? level : BUSY;
      }
    }
    int[] words = pamt.lockWords(Pamt.PG_4K, pfn);
    int at = pamt.lockIndex(Pamt.PG_4K, pfn);
    boolean isHad = alone ? call.tryExclusiveHost(words, at) : call.trySharedHost(words, at);
    return isHad ? Pamt.PG_4K : BUSY;
  }

  /**
   * Dynamic PAMT: reserves the two pages of a pair, which may lie anywhere, where there is no pair
   * too. If this fails, neither is reserved.
   *
   * <p>Whoever takes a page for itself wants its descriptor alone. Page pairs are reserved under a
   * shared lock, so that two calls whose pages lie in one range are not in each other's way; which
   * of them gets a page is settled by a CAS, as it is in the module by a bit.
   *
   * @param range the first frame of a 2M range that the call has alone, and may take pages of; or
   *     {@link #NO_RANGE}
   */
  long takePair(
      SeamcallRegisters call,
      long first,
      int firstOperand,
      long second,
      int secondOperand,
      long range) {
    long status = checkPairPage(call, first, firstOperand, range);
    if (status == SeamcallStatus.SUCCESS) {
      status = checkPairPage(call, second, secondOperand, range);
    }
    if (status != SeamcallStatus.SUCCESS) {
      return status;
    }
    if (!pamt.tryReserve(first >>> Geometry.PAGE_SHIFT)) {
      return SeamcallStatus.of(SeamcallStatus.PAGE_NOT_FREE, firstOperand);
    }
    if (!pamt.tryReserve(second >>> Geometry.PAGE_SHIFT)) {
      pamt.unreserve(first >>> Geometry.PAGE_SHIFT);
      return SeamcallStatus.of(SeamcallStatus.PAGE_NOT_FREE, secondOperand);
    }
    return SeamcallStatus.SUCCESS;
  }

  private long checkPairPage(SeamcallRegisters call, long hpa, int operand, long range) {
    long status = checkHostPage(hpa, Pamt.PG_4K, operand);
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    if (status != SeamcallStatus.SUCCESS || (pfn & -pamt.pagesOf(Pamt.PG_2M)) == range) {
      return status;
    }
    int level = walkPamt(call, pfn, Pamt.PG_4K, false);
    if (level == BUSY) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_BUSY, operand);
    }
    return pamt.typeAcquire(level, pfn) == PageType.NDA
        ? SeamcallStatus.SUCCESS
        : SeamcallStatus.of(SeamcallStatus.PAGE_NOT_FREE, operand);
  }

  /** Alignment, width and range of a host page. */
  long checkHostPage(long hpa, int level, int operand) {
    if ((hpa & (SeptEntry.pageBytes(level, geometry) - 1)) != 0 || isKeyed(hpa)) {
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, operand);
    }
    long pfn = hpa >>> Geometry.PAGE_SHIFT;
    return pamt.contains(pfn) && pamt.contains(pfn + pamt.pagesOf(level) - 1)
        ? SeamcallStatus.SUCCESS
        : SeamcallStatus.of(SeamcallStatus.OPERAND_ADDR_RANGE_ERROR, operand);
  }

  boolean isBusy(SeamcallRegisters call, TdxLock lock) {
    return faults.isBusy(call.leaf, lock);
  }

  boolean isInterrupted(SeamcallRegisters call) {
    return faults.isInterrupted(call.leaf, call.interruptChecks++);
  }

  /** The call has all that it needs, and has changed nothing yet. */
  void window(SeamcallRegisters call) {
    faults.window(call.leaf);
  }
}
