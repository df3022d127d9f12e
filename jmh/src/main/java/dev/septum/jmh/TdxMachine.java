package dev.septum.jmh;

import dev.septum.paging.Geometry;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TrustDomain;
import java.util.List;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * A TDX module with one TD, the threads' meeting point, and what one thread does for all between
 * rounds. Each thread has a vCPU, 1 GiB of guest addresses and 1 GiB of host memory: {@link #SMALL}
 * pages of 4K, which have their tables, and {@link #LARGE} of 2M. The module is the newest
 * modelled.
 */
@State(Scope.Benchmark)
public class TdxMachine {
  /** Small pages of a thread. */
  static final int SMALL = 8192;

  /** Large pages of a thread. */
  static final int LARGE = 64;

  static final int PG_4K = 0;
  static final int PG_2M = 1;

  private static final int PG_1G = 2;
  private static final int PG_512G = 3;
  private static final int BLOCK = 512;
  private static final long GIG = (long) BLOCK * BLOCK;
  private static final long HOST = GIG;
  private static final long UPPER_TABLES = HOST + BLOCK;
  private static final int CONTROL_PAGES = 4;
  private static final long FIRST_LARGE = 64 * BLOCK;
  private static final long FIRST_TABLE = 256 * BLOCK;

  TdxModule module;
  TrustDomain td;
  TdVcpu[] vcpus = {};
  Barrier barrier;

  private int threads;
  private boolean moved;
  private final SeamcallRegisters call = new SeamcallRegisters();

  /** A TD in its build, with the tables of its small pages. */
  @Setup
  public void create(BenchmarkParams params) {
    threads = params.getThreads();
    barrier = new Barrier(threads);
    module = new TdxModule(ModuleConfig.newest(Geometry.FOUR_LEVEL, HOST, (1L + threads) * GIG));
    build();
  }

  /** Nobody is at the barrier: an iteration begins. */
  @Setup(Level.Iteration)
  public void meet() {
    barrier.reset();
  }

  private void build() {
    td =
        module.createTd(
            bytes(HOST),
            List.of(bytes(HOST + 1), bytes(HOST + 2), bytes(HOST + 3), bytes(HOST + CONTROL_PAGES)),
            TdxModule.TdParams.DEFAULT);
    vcpus = new TdVcpu[threads];
    must(TdxLeaf.MEM_SEPT_ADD, PG_512G, 0, bytes(UPPER_TABLES));
    for (int part = 0; part < threads; part++) {
      vcpus[part] = module.createVcpu(td, bytes(tdvpr(part)), List.of());
      must(TdxLeaf.MEM_SEPT_ADD, PG_1G, gpa4k(part, 0), bytes(UPPER_TABLES + 1 + part));
      for (int first = 0; first < SMALL; first += BLOCK) {
        must(TdxLeaf.MEM_SEPT_ADD, PG_2M, gpa4k(part, first), smallTable(part, first));
      }
    }
  }

  /** Ends the build. */
  void finish() {
    must(TdxLeaf.MR_FINALIZE, td.tdr());
  }

  // Where things are.

  private static long bytes(long pages) {
    return pages << Geometry.PAGE_SHIFT;
  }

  private static long tdvpr(int part) {
    return HOST + 2 * CONTROL_PAGES + part;
  }

  static long gpa4k(int part, int index) {
    return bytes(part * GIG + index);
  }

  static long gpa2m(int part, int index) {
    return bytes(part * GIG + FIRST_LARGE + (long) index * BLOCK);
  }

  /** The page of a small gfn; it changes with {@link #move}. */
  long page4k(int part, int index) {
    return bytes((part + 1) * GIG + HOST + (moved ? SMALL : 0) + index);
  }

  private static long page2m(int part, int index) {
    return bytes((part + 1) * GIG + HOST + FIRST_LARGE + (long) index * BLOCK);
  }

  /** The table in place of a large page. */
  private static long table(int part, int index) {
    return bytes((part + 1) * GIG + HOST + FIRST_TABLE + index);
  }

  private static long smallTable(int part, int first) {
    return table(part, LARGE + first / BLOCK);
  }

  /** R8 of a leaf function about a large gfn: memory for AUG, else a table. */
  static long operand2m(TdxLeaf leaf, int part, int index) {
    return leaf == TdxLeaf.MEM_PAGE_AUG ? page2m(part, index) : table(part, index);
  }

  // What one thread does for all.

  /** A leaf function for each small gfn. */
  void each4k(TdxLeaf leaf) {
    for (int part = 0; part < threads; part++) {
      for (int i = 0; i < SMALL; i++) {
        must(leaf, PG_4K, gpa4k(part, i), page4k(part, i));
      }
    }
  }

  /** A leaf function for each large gfn. */
  void each2m(TdxLeaf leaf) {
    for (int part = 0; part < threads; part++) {
      for (int i = 0; i < LARGE; i++) {
        must(leaf, PG_2M, gpa2m(part, i), operand2m(leaf, part, i));
      }
    }
  }

  /** Blocks each small gfn, and tracks. */
  void block4k() {
    each4k(TdxLeaf.MEM_RANGE_BLOCK);
    track();
  }

  /** Blocks each large gfn, and tracks. */
  void block2m() {
    each2m(TdxLeaf.MEM_RANGE_BLOCK);
    track();
  }

  /** TRACK; all vCPUs are outside. */
  void track() {
    must(TdxLeaf.MEM_TRACK, td.tdr());
  }

  /** RELOCATE goes to the other page of each small gfn from now on. */
  void move() {
    moved = !moved;
  }

  /** All vCPUs enter. */
  void enterAll() {
    for (TdVcpu vcpu : vcpus) {
      must(TdxLeaf.VP_ENTER, vcpu.tdvpr());
    }
  }

  /** All vCPUs leave, those that are inside. */
  void leaveAll() {
    for (TdVcpu vcpu : vcpus) {
      if (vcpu.isInside()) {
        module.guest().exit(vcpu, 0);
      }
    }
  }

  /** Adds each small page, and accepts it; the vCPUs are inside then. */
  void map4k() {
    each4k(TdxLeaf.MEM_PAGE_AUG);
    enterAll();
    for (int part = 0; part < threads; part++) {
      for (int i = 0; i < SMALL; i++) {
        accept(vcpus[part], gpa4k(part, i));
      }
    }
  }

  /** Adds each large page, and accepts it; the vCPUs are outside then. */
  void map2m() {
    each2m(TdxLeaf.MEM_PAGE_AUG);
    enterAll();
    for (int part = 0; part < threads; part++) {
      for (int i = 0; i < LARGE; i++) {
        accept(vcpus[part], gpa2m(part, i) | PG_2M);
      }
    }
    leaveAll();
  }

  /** The guest accepts a page. */
  void accept(TdVcpu vcpu, long page) {
    if (module.guest().accept(vcpu, page) != GuestOutcome.RETURNED || vcpu.guestRax() != 0) {
      throw new IllegalStateException(SeamcallStatus.describe(vcpu.guestRax()));
    }
  }

  /** Ends the TD, up to where its pages can be reclaimed. */
  void tearDown() {
    must(TdxLeaf.MNG_VPFLUSHDONE, td.tdr());
    must(TdxLeaf.PHYMEM_CACHE_WB, 0);
    must(TdxLeaf.MNG_KEY_FREEID, td.tdr());
  }

  /** Reclaims all that is left when the small pages are gone, and makes the TD anew. */
  void rebuild() {
    for (int part = 0; part < threads; part++) {
      for (int first = 0; first < SMALL; first += BLOCK) {
        must(TdxLeaf.PHYMEM_PAGE_RECLAIM, smallTable(part, first));
      }
      must(TdxLeaf.PHYMEM_PAGE_RECLAIM, bytes(UPPER_TABLES + 1 + part));
      must(TdxLeaf.PHYMEM_PAGE_RECLAIM, bytes(tdvpr(part)));
    }
    must(TdxLeaf.PHYMEM_PAGE_RECLAIM, bytes(UPPER_TABLES));
    for (int page = CONTROL_PAGES; page >= 0; page--) {
      must(TdxLeaf.PHYMEM_PAGE_RECLAIM, bytes(HOST + page));
    }
    build();
  }

  private void must(TdxLeaf leaf, int level, long gpa, long page) {
    check(leaf, module.seamcall(call, leaf, level, gpa, td, page));
  }

  private void must(TdxLeaf leaf, long rcx) {
    check(leaf, module.seamcall(call, leaf, rcx));
  }

  static void check(TdxLeaf leaf, long status) {
    if (status != SeamcallStatus.SUCCESS) {
      throw new IllegalStateException(leaf + ": " + SeamcallStatus.describe(status));
    }
  }
}
