package dev.septum.simulator.conform.tdx;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.HostPages;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.ModuleState;
import dev.septum.tdx.ModuleVersion;
import dev.septum.tdx.OpState;
import dev.septum.tdx.PageType;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TdxModule.TdParams;
import dev.septum.tdx.TrustDomain;
import java.util.ArrayList;
import java.util.List;

/** The engine's model of the module, set up as the recorder had the real one: one TD, two vCPUs. */
final class TdxMachine {
  static final Geometry GEOMETRY = Geometry.FOUR_LEVEL;
  static final int ENTRIES = GEOMETRY.entries();
  static final long PAGE = 1L << Geometry.PAGE_SHIFT;
  static final long TDR = 0x1_0000_1000L;

  /** Where the tables lie that are there from the start, from the top down. */
  static final long TABLES = 0x1_0020_0000L;

  /** Where the first vCPU's root page lies. */
  static final long TDVPR = 0x1_0002_0000L;

  static final long OTHER_TDR = 0x1_0003_0000L;

  static final int TOP = GEOMETRY.levels() - 1;

  private static final int VCPUS = 2;
  private static final int LEAST_CONTROL_PAGES = 4;
  private static final int SHARED_BIT = 47;
  private static final long FIRST_PFN = 0x10_0000;
  private static final long HOST_PAGES = 0xc_0000;
  private static final long APART = 0x1_8000_0000L;

  final RecordedFaults faults = new RecordedFaults();
  final SeamcallRegisters call = new SeamcallRegisters();
  final TdxModule module;
  final ModuleState state;
  final TrustDomain td;
  final List<TdVcpu> vcpus = new ArrayList<>();

  private final SeamcallRegisters place = new SeamcallRegisters();
  private long clock = 1;
  private long rip;

  /**
   * A TD without tables.
   *
   * @param controlPages pages of the TD that are neither its root nor memory nor tables
   */
  TdxMachine(OpState opState, boolean pendingVeDisabled, int controlPages) {
    this(ModuleVersion.V1_5_01, opState, pendingVeDisabled, controlPages);
  }

  /** The same in another version of the module, which was not recorded. */
  TdxMachine(ModuleVersion version, OpState opState, boolean pendingVeDisabled, int controlPages) {
    module =
        new TdxModule(
            new ModuleConfig(GEOMETRY, version, FIRST_PFN, HOST_PAGES, false, false, false),
            HostPages.NONE,
            faults,
            () -> clock);
    state = new ModuleState(module);
    List<Long> pages = new ArrayList<>();
    for (int i = 1; i <= controlPages - VCPUS; i++) {
      pages.add(TDR + i * PAGE);
    }
    td = module.createTd(TDR, pages, new TdParams(SHARED_BIT, pendingVeDisabled, false, opState));
    for (int i = 0; i < VCPUS; i++) {
      vcpus.add(module.createVcpu(td, TDVPR + i * PAGE, List.of()));
    }
  }

  /** Another TD, whose pages but its root lie apart. */
  TrustDomain addTd() {
    List<Long> pages = new ArrayList<>();
    for (int i = 0; i < LEAST_CONTROL_PAGES; i++) {
      pages.add(APART + i * PAGE);
    }
    return module.createTd(OTHER_TDR, pages, TdParams.DEFAULT);
  }

  /** How many control pages there are at least. */
  static int leastControlPages() {
    return LEAST_CONTROL_PAGES + VCPUS;
  }

  /** Links an empty table below the entry of a level, blocked or not. */
  void addTable(long gpa, int level, SeptState linkedAs, long hpa) {
    state.assignPage(0, hpa, PageType.EPT, td);
    state.addChildren(td, 1);
    state.clearTable(hpa);
    state.setEntry(td, gpa, level, SeptEntry.makeTable(linkedAs, hpa));
  }

  /** The page that holds a level's table in the prepared state. */
  static long tableBelow(int level) {
    return TABLES + (TOP - level) * PAGE;
  }

  /** A call of the host whose operands are an entry and a page; the status. */
  long seamcall(TdxLeaf leaf, int level, long gpa, long page) {
    call.r9 = 0;
    return leaf == TdxLeaf.MEM_TRACK
        ? track(call)
        : module.seamcall(call, leaf, level, gpa, td, page);
  }

  /** TRACK. */
  long track(SeamcallRegisters registers) {
    registers.rdx = 0;
    return module.seamcall(registers, TdxLeaf.MEM_TRACK, TDR);
  }

  /** The guest accepts a page. */
  GuestOutcome accept(TdVcpu vcpu, int level, long gpa) {
    vcpu.setRip(++rip);
    return module.guest().accept(vcpu, gpa | level);
  }

  /** An EPT violation, wherever the walk ends. */
  GuestOutcome violate(TdVcpu vcpu, long gpa, Access access) {
    long entry = module.guest().walk(vcpu, gpa, place);
    return module.guest().violation(vcpu, gpa, access.bit(), entry);
  }

  /** The guest goes on to another instruction. */
  void advance(TdVcpu vcpu) {
    vcpu.setRip(++rip);
  }

  /** Time passes. */
  void sleep(long nanos) {
    clock += nanos;
  }
}
