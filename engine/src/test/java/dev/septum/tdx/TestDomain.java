package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Geometry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * A module with one TD, for tests. Its host memory is laid out in 4K pages from {@link #FIRST_PFN}:
 * control pages, table pages, page pairs, and from {@link #data} on whole 1G pages of data.
 */
final class TestDomain {
  static final long FIRST_PFN = 1L << 20;

  /** 3 levels of 2 bits: 64 gfns, a 2M page is 4 pages, a 1G page 16. */
  static final Geometry SMALL = new Geometry(3, 2);

  private static final int TABLES = 16;
  private static final int PAIRS = 64;
  private static final int PAIR_PAGES = 64;
  private static final int DATA_GIGS = 8;
  private static final int VCPU_PAGES = 8;
  private static final int CONTROL_PAGES = 4;

  final TdxModule module;
  final Geometry geometry;
  final TrustDomain td;
  final List<TdVcpu> vcpus = new ArrayList<>();
  final SeamcallRegisters call = new SeamcallRegisters();

  TestDomain(ModuleConfig config) {
    this(config, 2, TdxFaults.NONE, HostPages.NONE, System::nanoTime);
  }

  TestDomain(ModuleConfig config, int vcpuCount, TdxFaults faults) {
    this(config, vcpuCount, faults, HostPages.NONE, System::nanoTime);
  }

  TestDomain(
      ModuleConfig config,
      int vcpuCount,
      TdxFaults faults,
      HostPages hostPages,
      LongSupplier clock) {
    module = new TdxModule(config, hostPages, faults, clock);
    geometry = config.geometry();
    if (config.dynamicPamt()) {
      describeControlAndTables();
    }
    List<Long> control = new ArrayList<>();
    for (int i = 1; i <= CONTROL_PAGES; i++) {
      control.add(page(i));
    }
    td = module.createTd(page(0), control, TdxModule.TdParams.DEFAULT);
    for (int i = 0; i < vcpuCount; i++) {
      vcpus.add(module.createVcpu(td, page(VCPU_PAGES + i), List.of()));
    }
  }

  static ModuleConfig v1501(Geometry geometry) {
    return ModuleConfig.v1501(geometry, FIRST_PFN, pages(geometry));
  }

  static ModuleConfig newest(Geometry geometry) {
    return ModuleConfig.newest(geometry, FIRST_PFN, pages(geometry));
  }

  private static long pages(Geometry geometry) {
    return dataPage(geometry) + DATA_GIGS * geometry.pages(3);
  }

  private static long dataPage(Geometry geometry) {
    long gig = geometry.pages(3);
    return (PAIRS + PAIR_PAGES + gig - 1) / gig * gig;
  }

  private void describeControlAndTables() {
    long block = geometry.pages(2);
    for (int at = 0, pair = 0; at < PAIRS; at += (int) block, pair += 2) {
      assertStatus(0, addPair(page(at), pairPage(pair), pairPage(pair + 1)));
    }
  }

  // Host pages, by their addresses in bytes.

  static long page(long number) {
    return FIRST_PFN + number << Geometry.PAGE_SHIFT;
  }

  /** The n-th page for tables. */
  long table(int number) {
    return page(TABLES + number);
  }

  /** The n-th page for page pairs, counted down from the last. */
  long sparePairPage(int number) {
    return pairPage(PAIR_PAGES - 1 - number);
  }

  private static long pairPage(int number) {
    return page(PAIRS + number);
  }

  /** The n-th 4K page of data; the first is aligned to 1G. */
  long data(long number) {
    return page(dataPage(geometry) + number);
  }

  // Guest addresses.

  /** The n-th gfn, in bytes. */
  static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  /** Pages of 4K in a page of the module's level. */
  long pagesOf(int level) {
    return geometry.pages(level + 1);
  }

  // Calls.

  long run(TdxLeaf leaf, int level, long gpa, long page) {
    return module.seamcall(call, leaf, level, gpa, td, page);
  }

  long run(TdxLeaf leaf, long rcx) {
    return module.seamcall(call, leaf, rcx);
  }

  /** A call that must succeed. */
  void done(TdxLeaf leaf, int level, long gpa, long page) {
    assertStatus(0, run(leaf, level, gpa, page));
  }

  void done(TdxLeaf leaf, long rcx) {
    assertStatus(0, run(leaf, rcx));
  }

  long addPair(long block, long first, long second) {
    call.rax = TdxLeaf.PHYMEM_PAMT_ADD.number();
    call.rcx = block | 1;
    call.rdx = first;
    call.r8 = second;
    return module.seamcall(call);
  }

  void makeRunnable() {
    done(TdxLeaf.MR_FINALIZE, td.tdr());
  }

  void track() {
    done(TdxLeaf.MEM_TRACK, td.tdr());
  }

  /** Blocks and tracks, for what comes next to consume. */
  void blockAndTrack(int level, long gpa) {
    done(TdxLeaf.MEM_RANGE_BLOCK, level, gpa, 0);
    track();
  }

  /** Adds the tables above an address, from the top down to the table of {@code level}. */
  void addTables(long gpa, int level) {
    for (int above = geometry.levels() - 1; above > level; above--) {
      long base = gpa & -SeptEntry.pageBytes(above, geometry);
      if (SeptEntry.state(entry(above, base)) == SeptState.FREE) {
        done(TdxLeaf.MEM_SEPT_ADD, above, base, table(tablesAdded++));
      }
    }
  }

  private int tablesAdded;

  /** The next page for a table, which nobody has got yet. */
  long freshTable() {
    return table(tablesAdded++);
  }

  void enter(TdVcpu vcpu) {
    done(TdxLeaf.VP_ENTER, vcpu.tdvpr());
  }

  /** Accepts by a vCPU that is inside. */
  void accept(TdVcpu vcpu, int level, long gpa) {
    assertEquals(GuestOutcome.RETURNED, module.guest().accept(vcpu, gpa | level));
    assertStatus(0, vcpu.guestRax());
  }

  /** Enters, accepts and leaves. */
  void acceptBriefly(int level, long gpa) {
    TdVcpu vcpu = vcpus.get(0);
    enter(vcpu);
    accept(vcpu, level, gpa);
    module.guest().exit(vcpu, 0);
  }

  // What is there.

  /**
   * Finds the place of an entry, through blocks, into {@link #call}; its level is the one found.
   */
  void find(int level, long gpa) {
    long[] table = td.root();
    for (int at = geometry.levels() - 1; ; at--) {
      int index = module.sept().index(gpa, at);
      SeptState state = SeptEntry.stateOrNull(SecureEpt.entryAcquire(table, index));
      if (at == level || state == null || !state.isNonLeaf()) {
        call.table = table;
        call.index = index;
        call.walkLevel = at;
        return;
      }
      table = module.sept().tableOf(SecureEpt.entryAcquire(table, index));
    }
  }

  /** The entry of a level, or the one above it that ends the way. */
  long entry(int level, long gpa) {
    find(level, gpa);
    return SecureEpt.entryAcquire(call.table, call.index);
  }

  /** Overwrites an entry, behind the module's back. */
  void poke(int level, long gpa, long entry) {
    find(level, gpa);
    assertEquals(level, call.walkLevel);
    SecureEpt.writeUnlocked(call.table, call.index, entry);
  }

  static void assertStatus(long expected, long status) {
    assertEquals(named(expected), named(status));
  }

  private static String named(long status) {
    return SeamcallStatus.describe(status) + String.format(" 0x%x", status);
  }
}
