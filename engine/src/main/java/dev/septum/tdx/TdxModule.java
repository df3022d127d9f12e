package dev.septum.tdx;

import dev.septum.paging.Geometry;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The TDX module: its doors, and the TDs it keeps.
 *
 * <p>Any number of threads may call at once, each with registers of its own. Calls never wait: a
 * lock that another call holds makes them fail with BUSY. A call that fails changes nothing, but
 * for host priority and the counts of readers that lost (see {@link TdxLock}), the content of the
 * page that DEMOTE was given, and the progress of a 2M ACCEPT.
 *
 * <p>A host address is in bytes, as is a guest address. Levels are the module's: 0 is 4K.
 */
public final class TdxModule {
  /** RDX of TDH.MEM.SEPT.ADD: a table that is there already is no error. */
  public static final long ALLOW_EXISTING = 1;

  /** No page, as an operand. */
  public static final long NULL_PA = -1L;

  private static final int VERSION_SHIFT = 16;
  private static final int LEAF_MASK = 0xffff;
  private static final int VERSION_MASK = 0xff;
  private static final int USED_RAX_BITS = 24;
  private static final int SHARED_BIT_48 = 47;

  private final ModuleConfig config;
  private final Geometry geometry;
  private final Pamt pamt;
  private final TdxFaults faults;
  private final HostPages hostPages;
  private final SecureEpt sept;
  private final MemLeaves memory;
  private final ResizeLeaves resize;
  private final TdLeaves life;
  private final PhymemLeaves physical;
  private final GuestLeaves guest;
  private volatile TrustDomain[] tds = {};
  private volatile @Nullable String evidence;

  /** A module without TDs, in which nothing is made to go wrong. */
  public TdxModule(ModuleConfig config) {
    this(config, HostPages.NONE, TdxFaults.NONE, System::nanoTime);
  }

  /**
   * A module without TDs.
   *
   * @param clock nanoseconds, for how long a guest has been refused an entry
   */
  public TdxModule(
      ModuleConfig config,
      HostPages hostPages,
      TdxFaults faults,
      java.util.function.LongSupplier clock) {
    this.config = config;
    this.geometry = config.geometry();
    this.faults = faults;
    this.hostPages = hostPages;
    this.pamt = new Pamt(config);
    this.sept = new SecureEpt(pamt, config);
    Prologue prologue = new Prologue(this);
    this.memory = new MemLeaves(this, prologue);
    this.resize = new ResizeLeaves(this, prologue);
    this.life = new TdLeaves(this, prologue);
    this.physical = new PhymemLeaves(this, prologue);
    this.guest = new GuestLeaves(this, clock);
  }

  /** Which module it is. */
  public ModuleConfig config() {
    return config;
  }

  Geometry geometry() {
    return geometry;
  }

  Pamt pamt() {
    return pamt;
  }

  SecureEpt sept() {
    return sept;
  }

  TdxFaults faults() {
    return faults;
  }

  HostPages hostPages() {
    return hostPages;
  }

  boolean isAtLeast(ModuleVersion version) {
    return config.version().isAtLeast(version);
  }

  /** The guest's door: ACCEPT, and what follows an access that fails. */
  public GuestLeaves guest() {
    return guest;
  }

  // TDs.

  /** How a TD is made. */
  public record TdParams(
      int sharedBit, boolean septVeDisable, boolean flexiblePendingVe, OpState opState) {
    /** Shared bit 47, SEPT_VE_DISABLE, the build not begun to run. */
    public static final TdParams DEFAULT =
        new TdParams(SHARED_BIT_48, true, false, OpState.INITIALIZED);
  }

  /**
   * Makes a TD: what MNG.CREATE, MNG.KEY.CONFIG, MNG.ADDCX and MNG.INIT do together.
   *
   * @param tdr the root page, in bytes
   * @param control its control pages, in bytes; the fourth is the root of its Secure EPT, so there
   *     are at least four
   * @throws IllegalArgumentException if a page is not free, or there are too few
   */
  public synchronized TrustDomain createTd(long tdr, List<Long> control, TdParams params) {
    final int rootIndex = 3;
    if (control.size() <= rootIndex) {
      throw new IllegalArgumentException("a TD needs 4 control pages, not " + control.size());
    }
    assign(tdr, PageType.TDR, 0);
    for (long page : control) {
      assign(page, PageType.TDCX, tdr);
    }
    long root = control.get(rootIndex) >>> Geometry.PAGE_SHIFT;
    TrustDomain td =
        new TrustDomain(
            tdr >>> Geometry.PAGE_SHIFT,
            root,
            pamt.table(root),
            params.sharedBit(),
            params.septVeDisable(),
            params.flexiblePendingVe());
    td.setOpState(params.opState());
    td.addChildren(control.size());
    TrustDomain[] grown = Arrays.copyOf(tds, tds.length + 1);
    grown[grown.length - 1] = td;
    tds = grown;
    return td;
  }

  /**
   * Makes a vCPU: what VP.CREATE, VP.ADDCX and VP.INIT do together.
   *
   * @param tdvpr its root page, in bytes
   * @param control its control pages, in bytes
   * @throws IllegalArgumentException if a page is not free
   */
  public synchronized TdVcpu createVcpu(TrustDomain td, long tdvpr, List<Long> control) {
    assign(tdvpr, PageType.TDVPR, td.tdr());
    for (long page : control) {
      assign(page, PageType.TDCX, td.tdr());
    }
    TdVcpu vcpu = new TdVcpu(td, tdvpr >>> Geometry.PAGE_SHIFT);
    td.addChildren(1L + control.size());
    td.add(vcpu);
    return vcpu;
  }

  private void assign(long page, PageType type, long tdr) {
    long pfn = page >>> Geometry.PAGE_SHIFT;
    if (pfn << Geometry.PAGE_SHIFT != page || !pamt.contains(pfn)) {
      throw new IllegalArgumentException(String.format("0x%x is no page of a TDMR", page));
    }
    if (!pamt.hasDescriptors(pfn) || !pamt.isFree(pfn)) {
      throw new IllegalArgumentException(String.format("the page 0x%x is not free", page));
    }
    pamt.assignRelease(Pamt.PG_4K, pfn, type, tdr >>> Geometry.PAGE_SHIFT);
  }

  /** Its TDs. */
  public List<TrustDomain> tds() {
    return List.of(tds);
  }

  @Nullable TrustDomain td(long tdrPfn) {
    for (TrustDomain td : tds) {
      if (td.tdrPfn() == tdrPfn) {
        return td;
      }
    }
    return null;
  }

  synchronized void forget(TrustDomain gone) {
    tds = Arrays.stream(tds).filter(td -> td != gone).toArray(TrustDomain[]::new);
  }

  // The host's door.

  /**
   * A SEAMCALL. Wait-free but for retries against host priority, and for DEMOTE, PROMOTE and 2M
   * pages, whose work is bounded by a table.
   *
   * @param call RAX has the leaf number in bits 15:0 and the version in bits 23:16
   * @return the status, which is also in RAX
   * @throws ModuleFatalException if the module has found itself broken, now or before
   */
  public long seamcall(SeamcallRegisters call) {
    long rax = call.rax;
    TdxLeaf leaf = TdxLeaf.ofNumber((int) rax & LEAF_MASK);
    int version = (int) (rax >>> VERSION_SHIFT) & VERSION_MASK;
    if (leaf == null || rax >>> USED_RAX_BITS != 0) {
      call.rax = SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, SeamcallStatus.RAX);
    } else {
      call.rax = run(call, leaf, version);
    }
    return call.rax;
  }

  private long run(SeamcallRegisters call, TdxLeaf leaf, int version) {
    checkSound();
    if (version > mostVersion(leaf)) {
      if (leaf == TdxLeaf.MEM_SEPT_ADD || leaf == TdxLeaf.MEM_PAGE_PROMOTE) {
        call.rcx = 0;
        call.rdx = 0;
      }
      return SeamcallStatus.of(SeamcallStatus.OPERAND_INVALID, SeamcallStatus.RAX);
    }
    call.begin(leaf);
    try {
      return switch (leaf) {
        case MEM_SEPT_ADD -> memory.septAdd(call, version);
        case MEM_SEPT_REMOVE -> memory.septRemove(call);
        case MEM_SEPT_RD -> memory.septRead(call);
        case MEM_PAGE_ADD -> memory.pageAdd(call);
        case MEM_PAGE_AUG -> memory.pageAug(call);
        case MEM_PAGE_REMOVE -> memory.pageRemove(call);
        case MEM_PAGE_RELOCATE -> memory.pageRelocate(call);
        case MEM_RANGE_BLOCK -> memory.rangeBlock(call);
        case MEM_RANGE_UNBLOCK -> memory.rangeUnblock(call);
        case MEM_PAGE_DEMOTE -> resize.demote(call);
        case MEM_PAGE_PROMOTE -> resize.promote(call);
        case MEM_TRACK -> life.track(call);
        case MR_FINALIZE -> life.finalizeBuild(call);
        case VP_ENTER -> life.enter(call);
        case VP_FLUSH -> life.flush(call);
        case MNG_VPFLUSHDONE -> life.flushDone(call);
        case MNG_KEY_FREEID -> life.freeKey(call);
        case PHYMEM_CACHE_WB -> life.writeBackCaches();
        case PHYMEM_PAGE_RECLAIM -> physical.reclaim(call);
        case PHYMEM_PAGE_RDMD -> physical.readMetadata(call);
        case PHYMEM_PAGE_WBINVD -> physical.writeBack(call);
        case PHYMEM_PAMT_ADD -> physical.addPair(call);
        case PHYMEM_PAMT_REMOVE -> physical.removePair(call);
        case GUEST_ACCEPT, GUEST_ACCESS -> throw new IllegalStateException("no SEAMCALL: " + leaf);
      };
    } finally {
      call.releaseAll();
    }
  }

  private static int mostVersion(TdxLeaf leaf) {
    return switch (leaf) {
      case MEM_SEPT_ADD, MEM_SEPT_REMOVE, MEM_PAGE_PROMOTE -> 1;
      default -> 0;
    };
  }

  /**
   * A SEAMCALL of a MEM leaf with its usual operands.
   *
   * @param level of the entry
   * @param page R8; ignored by leaves without a page
   * @return the status
   */
  public long seamcall(
      SeamcallRegisters call, TdxLeaf leaf, int level, long gpa, TrustDomain td, long page) {
    call.rax = leaf.number();
    call.rcx = gpa | level;
    call.rdx = td.tdr();
    call.r8 = page;
    return seamcall(call);
  }

  /** A SEAMCALL whose one operand is a page in RCX: TRACK, FINALIZE, VP.ENTER, PHYMEM. */
  public long seamcall(SeamcallRegisters call, TdxLeaf leaf, long rcx) {
    call.rax = leaf.number();
    call.rcx = rcx;
    return seamcall(call);
  }

  // Soundness.

  /** What broke the module; null while it is sound. */
  public @Nullable String evidence() {
    return evidence;
  }

  void checkSound() {
    String found = evidence;
    if (found != null) {
      throw new ModuleFatalException(found);
    }
  }

  /** The module has found itself broken: it shuts down. */
  synchronized ModuleFatalException fatal(String found) {
    String first = evidence;
    if (first == null) {
      evidence = found;
      first = found;
    }
    return new ModuleFatalException(first);
  }

  /** Everything that does not hold; exact when no call is under way. */
  public List<ModuleViolation> audit() {
    return new ModuleAudit(this).run();
  }
}
