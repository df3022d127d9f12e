package dev.septum.td;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.mmu.ExternalPageTable.Outcome;
import dev.septum.paging.Geometry;
import dev.septum.paging.Spte;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.HostPages;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.OpState;
import dev.septum.tdx.PageType;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TdxModule.TdParams;
import java.util.List;
import java.util.TreeMap;

/**
 * A TD on a tree of 3 levels of 2 bits, driven by its host: private gfns 0 to 31, leaves of 1, 4
 * and 16 pages, frame {@code MEMORY + gfn} behind each gfn, one vCPU that is always inside.
 */
final class TdBench {
  static final Geometry GEOMETRY = new Geometry(3, 2);
  static final int SHARED_BIT = Geometry.PAGE_SHIFT + 5;
  static final int MAX_TABLES = 62;
  static final long MEMORY = 0x200;
  static final long SOURCE = 0x300;
  private static final long FIRST_PFN = 0x100;
  private static final long HOST_PAGES = 0x300;
  private static final long TABLES = 0x140;
  static final SeptPages SEPT_PAGES = new SeptPages(TABLES, MAX_TABLES);

  final ScriptedFaults faults = new ScriptedFaults();

  /** What lies in each frame. */
  final long[] content = new long[(int) (FIRST_PFN + HOST_PAGES)];

  final HostPages hostPages =
      new HostPages() {
        @Override
        public void zero(long pfn) {
          content[(int) pfn] = 0;
        }

        @Override
        public void copy(long fromPfn, long toPfn) {
          content[(int) toPfn] = content[(int) fromPfn];
        }
      };

  final TdxModule module;
  final RestlessVcpus vcpus;
  final TdLifecycle life;
  final MirrorDriver driver;
  final TdVcpu vcpu;
  private final SeamcallRegisters call = new SeamcallRegisters();

  TdBench(ModuleConfig config, boolean mergesInBuild) {
    module = new TdxModule(config, hostPages, faults, System::nanoTime);
    vcpus = new RestlessVcpus(module);
    life =
        new TdLifecycle(
            module,
            new TdParams(SHARED_BIT, true, false, OpState.INITIALIZED),
            FIRST_PFN,
            2,
            vcpus);
    driver = new MirrorDriver(life, SEPT_PAGES, hostPages, mergesInBuild, false);
    vcpu = life.createVcpu();
  }

  static ModuleConfig v1501() {
    return ModuleConfig.v1501(GEOMETRY, FIRST_PFN, HOST_PAGES);
  }

  static ModuleConfig newest() {
    return ModuleConfig.newest(GEOMETRY, FIRST_PFN, HOST_PAGES);
  }

  /** Every module whose changes are made differently. */
  static List<ModuleConfig> configs() {
    return List.of(v1501(), newest(), newest().withNonBlockingResize(true));
  }

  static long leaf(long gfn, int level) {
    return Spte.makeLeaf(MEMORY + gfn, level, true, 0);
  }

  /** Ends the build without a build, and lets the vCPU in. */
  void run() {
    assertEquals(0, module.seamcall(call, TdxLeaf.MR_FINALIZE, life.td().tdr()));
    vcpus.enter(vcpu);
  }

  void set(long gfn, int level, long old, long now) {
    assertEquals(Outcome.DONE, driver.set(gfn, level, old, now));
  }

  void addTable(long gfn, int level, int table) {
    set(gfn, level, Spte.EMPTY, Spte.makeTable(table));
  }

  void map(long gfn, int level) {
    set(gfn, level, Spte.EMPTY, leaf(gfn, level));
  }

  /** In the build: a page with the content of its source. */
  void addPage(long gfn) {
    driver.giveSource(SOURCE + gfn);
    map(gfn, 1);
    driver.takeSource();
  }

  /** The guest accepts, and writes something of its own. */
  void accept(long gfn, int level) {
    vcpus.comeIn();
    long status;
    do {
      GuestOutcome outcome = module.guest().accept(vcpu, gfn << Geometry.PAGE_SHIFT | (level - 1));
      assertEquals(GuestOutcome.RETURNED, outcome);
      status = vcpu.guestRax();
    } while (SeamcallStatus.detail(status) == SeamcallStatus.OPERAND_BUSY);
    assertEquals(SeamcallStatus.SUCCESS, status, SeamcallStatus.describe(status));
    for (long at = gfn; at < gfn + GEOMETRY.pages(level); at++) {
      content[(int) (MEMORY + at)] = written(at);
    }
  }

  static long written(long gfn) {
    return 1000 + gfn;
  }

  /** A call behind the host's back. */
  long behindItsBack(TdxLeaf leaf, long gfn, int level, long pfn) {
    return module.seamcall(
        call, leaf, level - 1, gfn << Geometry.PAGE_SHIFT, life.td(), pfn << Geometry.PAGE_SHIFT);
  }

  /** A TRACK that nobody follows by a kick. */
  void trackBehindItsBack() {
    assertEquals(0, module.seamcall(call, TdxLeaf.MEM_TRACK, life.td().tdr()));
  }

  /** The entry as the module has it: {@code "PENDING 0x204"}, {@code "NL_MAPPED"}. */
  String entry(long gfn, int level) {
    long status = behindItsBack(TdxLeaf.MEM_SEPT_RD, gfn, level, 0);
    if (status != SeamcallStatus.SUCCESS) {
      return SeamcallStatus.describe(status);
    }
    int code = (int) (call.rdx >>> 8) & 0xff;
    for (SeptState state : SeptState.values()) {
      if (state.publicCode() == code) {
        long pfn = SeptEntry.pageHpa(call.rcx, level - 1, GEOMETRY) >>> Geometry.PAGE_SHIFT;
        return state.isLeaf() ? state + String.format(" 0x%x", pfn) : state.toString();
      }
    }
    throw new AssertionError("no state has the code " + code);
  }

  /** What the PAMT says of a frame. */
  PageType pageType(long pfn) {
    assertEquals(0, module.seamcall(call, TdxLeaf.PHYMEM_PAGE_RDMD, pfn << Geometry.PAGE_SHIFT));
    for (PageType type : PageType.values()) {
      if (type.number() == call.rcx) {
        return type;
      }
    }
    throw new AssertionError("no type has the number " + call.rcx);
  }

  /** Host calls by short names, but for what the bench itself does: {@code MEM_TRACK=1}. */
  String called() {
    TreeMap<String, Long> sums = new TreeMap<>();
    for (TdxLeaf leaf : TdxLeaf.values()) {
      if (life.counts().calls(leaf) > 0) {
        sums.put(leaf.name().replaceFirst("MEM_|PHYMEM_", ""), life.counts().calls(leaf));
      }
    }
    return sums.toString();
  }

  /** Nothing of the TD is left in the module, and every frame is free. */
  void assertGone() {
    assertEquals(List.of(), module.tds());
    assertEquals(List.of(), module.audit());
    for (long pfn = FIRST_PFN; pfn < FIRST_PFN + HOST_PAGES; pfn++) {
      assertEquals(PageType.NDA, pageType(pfn), String.format("pfn 0x%x", pfn));
    }
  }
}
