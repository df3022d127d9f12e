package dev.septum.jcstress.tdx;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.tdx.ExitQualification;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.PageType;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TrustDomain;
import java.util.List;

/**
 * A module with one TD and one vCPU, and the smallest Secure EPT there is, 2 levels of 1 bit: four
 * gfns, in two blocks of two. A block is mapped by one leaf of 2M, or by a table of two of 4K.
 *
 * <p>Pages of the host are addresses, in bytes. Each constant lies in a range of 1G (four pages
 * here) of its own, so that calls meet in the PAMT only where a test wants it.
 */
final class TinyTd {
  /** The level of a small page. */
  static final int PG_4K = 0;

  /** The level of a large page, and of the entry that names a table. */
  static final int PG_2M = 1;

  /** A page for a table. */
  static final long TABLE = addressOf(24);

  /** Another. */
  static final long OTHER_TABLE = addressOf(28);

  /** Memory: a small page, or a large one. */
  static final long PAGE = addressOf(32);

  /** The small page behind {@link #PAGE}, in the same large one. */
  static final long NEXT_PAGE = addressOf(33);

  /** Other memory. */
  static final long OTHER_PAGE = addressOf(36);

  /** With dynamic PAMT: a 2M range without a page pair. */
  static final long RANGE = OTHER_PAGE;

  /** Another. */
  static final long OTHER_RANGE = addressOf(38);

  /** And another, which no test gives a pair before its actors are done. */
  static final long THIRD_RANGE = addressOf(60);

  private static final Geometry GEOMETRY = new Geometry(2, 1);
  private static final long FIRST_PFN = 16;
  private static final long PAGES = 24;
  private static final long PAIR_PAGES = 24;
  private static final long TDR = addressOf(16);
  private static final List<Long> CONTROL =
      List.of(addressOf(17), addressOf(18), addressOf(19), addressOf(20));
  private static final long TDVPR = addressOf(21);
  private static final int CONTROL_PAGES = 5;
  private static final long PAGE_BYTES = 1L << Geometry.PAGE_SHIFT;
  private static final int PREFIX = "TDX_".length();

  final TdVcpu vcpu;

  private final TdxModule module;
  private final TrustDomain td;
  private final SeamcallRegisters own = new SeamcallRegisters();

  private TinyTd(ModuleConfig config) {
    this(new TdxModule(config));
  }

  private TinyTd(TdxModule module) {
    this.module = module;
    td = module.createTd(TDR, CONTROL, TdxModule.TdParams.DEFAULT);
    vcpu = module.createVcpu(td, TDVPR, List.of());
  }

  /** A TD that runs. */
  static TinyTd running() {
    return new TinyTd(newest()).finish();
  }

  /** A TD that runs, where DEMOTE needs no block. */
  static TinyTd runningWithNonBlockingResize() {
    return new TinyTd(newest().withNonBlockingResize(true)).finish();
  }

  /** The same with dynamic PAMT, where all pages below {@link #RANGE} have a page pair. */
  static TinyTd runningWithDynamicPamt() {
    ModuleConfig config =
        ModuleConfig.newest(GEOMETRY, FIRST_PFN, PAGES + PAIR_PAGES)
            .withNonBlockingResize(true)
            .withDynamicPamt(true);
    TdxModule module = new TdxModule(config);
    SeamcallRegisters call = new SeamcallRegisters();
    for (long range = TDR; range < RANGE; range += 2 * PAGE_BYTES) {
      long pair = range + PAGES * PAGE_BYTES;
      check(TdxLeaf.PHYMEM_PAMT_ADD, addPair(module, call, range, pair, pair + PAGE_BYTES));
    }
    return new TinyTd(module).finish();
  }

  /** A TD that is built, by the module in which PROMOTE shares the tree and locks the children. */
  static TinyTd inBuildOf1501() {
    return new TinyTd(
        ModuleConfig.v1501(GEOMETRY, FIRST_PFN, PAGES).withEnhancedDemoteInterruptibility(true));
  }

  private static ModuleConfig newest() {
    return ModuleConfig.newest(GEOMETRY, FIRST_PFN, PAGES);
  }

  private TinyTd finish() {
    call(TdxLeaf.MR_FINALIZE, TDR);
    return this;
  }

  private static long addressOf(long pfn) {
    return pfn << Geometry.PAGE_SHIFT;
  }

  // What is there before the actors come. What fails throws.

  /** The table of a gfn's block. */
  TinyTd withTable(int gfn, long page) {
    return with(TdxLeaf.MEM_SEPT_ADD, PG_2M, gfn, page);
  }

  /** A page that the guest has not accepted yet. */
  TinyTd withPending(int level, int gfn, long page) {
    return with(TdxLeaf.MEM_PAGE_AUG, level, gfn, page);
  }

  /** A page that the guest has accepted. */
  TinyTd withMapped(int level, int gfn, long page) {
    withPending(level, gfn, page).withGuestInside();
    String accepted = accept(level, gfn);
    leave();
    if (!accepted.equals("SUCCESS")) {
      throw new IllegalStateException("ACCEPT: " + accepted);
    }
    return this;
  }

  /** A block of an entry that is tracked. */
  TinyTd withBlocked(int level, int gfn) {
    return with(TdxLeaf.MEM_RANGE_BLOCK, level, gfn, 0).withTracked();
  }

  /** A new epoch. */
  TinyTd withTracked() {
    call(TdxLeaf.MEM_TRACK, TDR);
    return this;
  }

  /** The vCPU in the guest. */
  TinyTd withGuestInside() {
    call(TdxLeaf.VP_ENTER, TDVPR);
    return this;
  }

  /** No key any more: pages can be reclaimed. */
  TinyTd tornDown() {
    call(TdxLeaf.MNG_VPFLUSHDONE, TDR);
    call(TdxLeaf.PHYMEM_CACHE_WB, 0);
    call(TdxLeaf.MNG_KEY_FREEID, TDR);
    return this;
  }

  /** No pages but the root and one more. */
  TinyTd reclaimedDownTo(long page) {
    for (long other = TDVPR; other > TDR; other -= 1L << Geometry.PAGE_SHIFT) {
      if (other != page) {
        call(TdxLeaf.PHYMEM_PAGE_RECLAIM, other);
      }
    }
    return this;
  }

  private TinyTd with(TdxLeaf leaf, int level, int gfn, long page) {
    check(leaf, host(own, leaf, level, gfn, page));
    return this;
  }

  private void call(TdxLeaf leaf, long rcx) {
    check(leaf, words(module.seamcall(own, leaf, rcx)));
  }

  private static void check(TdxLeaf leaf, String status) {
    if (!status.equals("SUCCESS")) {
      throw new IllegalStateException(leaf + ": " + status);
    }
  }

  // What the actors do.

  /** A leaf function about an entry; its status in words. */
  String host(SeamcallRegisters call, TdxLeaf leaf, int level, int gfn, long page) {
    return words(module.seamcall(call, leaf, level, addressOf(gfn), td, page));
  }

  /** TDH.MEM.TRACK. */
  String track(SeamcallRegisters call) {
    return words(module.seamcall(call, TdxLeaf.MEM_TRACK, TDR));
  }

  /** TDH.VP.ENTER. */
  String enter(SeamcallRegisters call) {
    return words(module.seamcall(call, TdxLeaf.VP_ENTER, TDVPR));
  }

  /** TDH.MEM.PAGE.DEMOTE of a large page, with dynamic PAMT. */
  String demote(SeamcallRegisters call, int gfn, long table, long first, long second) {
    call.r12 = first;
    call.r13 = second;
    return host(call, TdxLeaf.MEM_PAGE_DEMOTE, PG_2M, gfn, table);
  }

  /** TDH.PHYMEM.PAMT.ADD. */
  String addPair(SeamcallRegisters call, long range, long first, long second) {
    return addPair(module, call, range, first, second);
  }

  private static String addPair(
      TdxModule module, SeamcallRegisters call, long range, long first, long second) {
    call.rdx = first;
    call.r8 = second;
    return words(module.seamcall(call, TdxLeaf.PHYMEM_PAMT_ADD, range | PG_2M));
  }

  /** TDH.PHYMEM.PAGE.RDMD: its status in words, or size and type of the page. */
  String readMetadata(SeamcallRegisters call, long page) {
    return found(call, module.seamcall(call, TdxLeaf.PHYMEM_PAGE_RDMD, page));
  }

  /** TDH.PHYMEM.PAGE.RECLAIM of a page that cannot be reclaimed yet: the same. */
  String reclaimEarly(SeamcallRegisters call, long page) {
    long status = module.seamcall(call, TdxLeaf.PHYMEM_PAGE_RECLAIM, page);
    return found(call, status == SeamcallStatus.LIFECYCLE_STATE_INCORRECT ? 0 : status);
  }

  private static String found(SeamcallRegisters call, long status) {
    if (status != SeamcallStatus.SUCCESS) {
      return words(status);
    }
    String level = call.r8 == PG_4K ? "4K " : "2M ";
    for (PageType type : PageType.values()) {
      if (type.number() == call.rcx) {
        return level + type;
      }
    }
    throw new IllegalStateException("no type has the number " + call.rcx);
  }

  /** TDH.PHYMEM.PAGE.WBINVD. */
  String writeBack(SeamcallRegisters call, long page) {
    return words(module.seamcall(call, TdxLeaf.PHYMEM_PAGE_WBINVD, page));
  }

  /** TDH.PHYMEM.PAGE.RECLAIM. */
  String reclaim(SeamcallRegisters call, long page) {
    return words(module.seamcall(call, TdxLeaf.PHYMEM_PAGE_RECLAIM, page));
  }

  /** The same, of the root. */
  String reclaimRoot(SeamcallRegisters call) {
    return reclaim(call, TDR);
  }

  /** The last but one page of a TD that is torn down: a control page. */
  static long controlPage() {
    return CONTROL.get(0);
  }

  /** The guest accepts: its status in words, or what entry made it exit. */
  String accept(int level, int gfn) {
    GuestOutcome outcome = module.guest().accept(vcpu, addressOf(gfn) | level);
    return switch (outcome) {
      case RETURNED -> words(vcpu.guestRax());
      case TD_EXIT ->
          "EXIT " + stateOf(ExitQualification.foundState(vcpu.extendedExitQualification()));
      default -> outcome.toString();
    };
  }

  /** The guest writes, past its TLB; whether an entry allowed it. If not, the vCPU is outside. */
  boolean write(SeamcallRegisters place, int gfn) {
    return module.guest().access(vcpu, addressOf(gfn), Access.WRITE.bit(), place)
        == GuestOutcome.RETURNED;
  }

  /** The vCPU leaves the guest. */
  void leave() {
    module.guest().exit(vcpu, 0);
  }

  private static String words(long status) {
    return status == SeamcallStatus.SUCCESS
        ? "SUCCESS"
        : SeamcallStatus.describe(status).substring(PREFIX).replace('|', ' ');
  }

  private static SeptState stateOf(int publicCode) {
    for (SeptState state : SeptState.values()) {
      if (state.publicCode() == publicCode) {
        return state;
      }
    }
    throw new IllegalStateException("no state has the code " + publicCode);
  }

  // What is left.

  /** How a gfn is mapped: the level where its walk ends, and the state there. */
  String shape(int gfn) {
    long entry = module.guest().walk(vcpu, addressOf(gfn), own);
    String level = module.guest().walkLevel(own) == PG_4K ? "4K " : "2M ";
    return level + SeptEntry.state(entry);
  }

  /** The epoch of the TD, and that of the vCPU's last entry, as a number: 10 and 1 for each. */
  int epochs() {
    return (int) (10 * td.epochs().epoch() + vcpu.epoch());
  }

  /** Pages of 4K that the TD owns: memory and tables. */
  int pages() {
    return (int) td.childCount() - CONTROL_PAGES;
  }

  /** Violations found by the audit. */
  int violations() {
    return module.audit().size();
  }
}
