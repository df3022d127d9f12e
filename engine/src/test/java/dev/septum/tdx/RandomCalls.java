package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * Calls at random to one TD, through {@link CallAudit}. Most suit the entry that they meet, so that
 * a TD comes about; some have a wrong operand, some meet a lock that another call holds.
 */
final class RandomCalls {
  private static final int VCPUS = 3;
  private static final int TABLES = 40;
  private static final int PAIR_PAGES = 24;
  private static final int MOST_GFNS = 32;
  private static final long STEP_NANOS = 50_000_000;
  private static final int LEVEL_MASK = 7;
  private static final TdxLeaf[] LEAVES = TdxLeaf.values();

  private final Random random;
  private final PageContents contents = new PageContents();
  private final TestDomain domain;
  private final TdxModule module;
  private final TrustDomain td;
  private final int gfns;
  private final CallAudit audit;
  private final SeamcallRegisters call = new SeamcallRegisters();

  /** What each accepted gfn should hold. */
  private final Map<Long, Long> expected = new HashMap<>();

  private final Set<TdxLeaf> succeeded = EnumSet.noneOf(TdxLeaf.class);
  private final Set<String> failures = new TreeSet<>();
  private final Deque<Runnable> plan = new ArrayDeque<>();
  private String last = "nothing";
  private long clock;
  private long written;

  RandomCalls(ModuleConfig config, TdxFaults faults, Random random) {
    this.random = random;
    this.domain = new TestDomain(config, VCPUS, faults, contents, () -> clock += STEP_NANOS);
    this.module = domain.module;
    this.td = domain.td;
    this.gfns = (int) Math.min(domain.geometry.gfnLimit(), MOST_GFNS);
    this.audit = new CallAudit(module);
  }

  boolean isDynamic() {
    return module.config().dynamicPamt();
  }

  String last() {
    return last;
  }

  Set<TdxLeaf> succeeded() {
    return succeeded;
  }

  Set<String> failures() {
    return failures;
  }

  /** What the audits have found, and the pages that have lost their content. */
  List<Object> violations() {
    List<Object> found = new ArrayList<>(audit.violations());
    found.addAll(module.audit());
    Map<Long, ModuleSnapshot.Mapping> flat = audit.flat(td);
    expected.forEach(
        (gfn, content) -> {
          ModuleSnapshot.Mapping mapping = flat.get(gfn);
          if (mapping == null || contents.read(mapping.pfn()) != content) {
            found.add("gfn " + gfn + " should hold " + content + " in " + mapping);
          }
        });
    return found;
  }

  private boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  private <T> T oneOf(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  // What is called.

  void next() {
    Runnable planned = oneIn(8) ? null : plan.poll();
    if (planned != null) {
      planned.run();
      return;
    }
    int what = random.nextInt(20);
    if (what < 8) {
      entryCall();
    } else if (what < 14) {
      guestCall();
    } else if (what < 15) {
      track();
    } else if (what < 17) {
      planTable();
    } else if (what < 18) {
      pageCall();
    } else if (what < 19) {
      lockedCall();
    } else {
      wrongCall();
    }
  }

  private void track() {
    seamcall(TdxLeaf.MEM_TRACK, td.tdr(), 0, 0);
  }

  /** What is blocked is to be consumed: vCPUs are to leave, and an epoch is to begin. */
  private void planToConsume(long entry) {
    plan.add(this::track);
    domain.vcpus.forEach(vcpu -> plan.add(() -> leave(vcpu)));
    plan.add(() -> entryCall(entry & -TestDomain.gpa(1), (int) entry & LEVEL_MASK));
  }

  /** A 2M range is mapped small, or emptied; then its table is blocked. */
  private void planTable() {
    long first = anyGpa() & -SeptEntry.pageBytes(1, domain.geometry);
    if (oneIn(3)) {
      planChildren(TdxLeaf.MEM_RANGE_BLOCK, first);
      plan.add(this::track);
      domain.vcpus.forEach(vcpu -> plan.add(() -> leave(vcpu)));
      planChildren(TdxLeaf.MEM_PAGE_REMOVE, first);
    } else {
      planFullTable(first);
    }
    plan.add(() -> seamcall(TdxLeaf.MEM_RANGE_BLOCK, first | 1, td.tdr(), 0));
  }

  private void planFullTable(long first) {
    plan.add(() -> addPair(domain.data(first >>> Geometry.PAGE_SHIFT)));
    for (int level = domain.geometry.levels() - 1; level > 0; level--) {
      long base = first & -SeptEntry.pageBytes(level, domain.geometry) | level;
      plan.add(() -> seamcall(TdxLeaf.MEM_SEPT_ADD, base, td.tdr(), anyTable()));
    }
    boolean builds = td.opState() == OpState.INITIALIZED;
    planChildren(builds ? TdxLeaf.MEM_PAGE_ADD : TdxLeaf.MEM_PAGE_AUG, first);
    TdVcpu vcpu = oneOf(domain.vcpus);
    for (long i = 0; i < domain.pagesOf(1) && !oneIn(20); i++) {
      long gpa = first + TestDomain.gpa(i);
      plan.add(() -> enter(vcpu));
      plan.add(() -> accept(vcpu, gpa, 0));
    }
  }

  /** One call for each 4K page of a 2M range. */
  private void planChildren(TdxLeaf leaf, long first) {
    for (long i = 0; i < domain.pagesOf(1); i++) {
      long gpa = first + TestDomain.gpa(i);
      plan.add(() -> seamcall(leaf, gpa, td.tdr(), domain.data(gpa >>> Geometry.PAGE_SHIFT)));
    }
  }

  private long anyGpa() {
    return TestDomain.gpa(random.nextInt(gfns));
  }

  void endBuild() {
    if (td.opState() == OpState.INITIALIZED) {
      seamcall(TdxLeaf.MR_FINALIZE, td.tdr(), 0, 0);
    } else if (oneIn(td.opState() == OpState.RUNNABLE ? 400 : 30)) {
      td.setOpState(td.opState() == OpState.RUNNABLE ? OpState.LIVE_IMPORT : OpState.RUNNABLE);
    }
  }

  private void entryCall() {
    entryCall(anyGpa(), oneIn(2) ? random.nextInt(domain.geometry.levels()) : 0);
  }

  /** A call that suits the entry of a level, or the one above it that ends the way there. */
  private void entryCall(long gpa, int wanted) {
    if (oneIn(4)) {
      domain.find(wanted, gpa);
    } else {
      domain.call.gpa = gpa;
      domain.call.level = wanted;
      module.sept().walk(td, domain.call); // ends at a blocked table, too
    }
    int level = domain.call.walkLevel;
    SeptState state = SeptEntry.state(SecureEpt.entryAcquire(domain.call.table, domain.call.index));
    TdxLeaf leaf = oneIn(12) ? TdxLeaf.MEM_SEPT_RD : oneOf(suiting(state, level));
    long base = gpa & -SeptEntry.pageBytes(level, domain.geometry);
    seamcall(leaf, base | level, td.tdr(), operand(leaf, base, level));
  }

  private List<TdxLeaf> suiting(SeptState state, int level) {
    boolean builds = td.opState() == OpState.INITIALIZED;
    return switch (state) {
      case FREE, REMOVED ->
          level > 1
              ? List.of(TdxLeaf.MEM_SEPT_ADD)
              : List.of(
                  TdxLeaf.MEM_PAGE_AUG,
                  level == 1
                      ? TdxLeaf.MEM_SEPT_ADD
                      : builds ? TdxLeaf.MEM_PAGE_ADD : TdxLeaf.MEM_PAGE_AUG);
      case NL_MAPPED ->
          builds && oneIn(2)
              ? List.of(TdxLeaf.MEM_PAGE_PROMOTE, TdxLeaf.MEM_SEPT_REMOVE)
              : List.of(
                  isTableEmpty() || oneIn(4 * level)
                      ? TdxLeaf.MEM_RANGE_BLOCK
                      : TdxLeaf.MEM_SEPT_RD);
      case NL_BLOCKED ->
          List.of(
              isTableEmpty() ? TdxLeaf.MEM_SEPT_REMOVE : TdxLeaf.MEM_PAGE_PROMOTE,
              TdxLeaf.MEM_SEPT_REMOVE,
              TdxLeaf.MEM_RANGE_UNBLOCK);
      case MAPPED, PENDING ->
          (builds || module.config().nonBlockingResize()) && level > 0
              ? List.of(TdxLeaf.MEM_PAGE_DEMOTE, TdxLeaf.MEM_RANGE_BLOCK)
              : List.of(TdxLeaf.MEM_RANGE_BLOCK, TdxLeaf.MEM_SEPT_RD, TdxLeaf.MEM_SEPT_RD);
      default ->
          List.of(
              level == 0 ? TdxLeaf.MEM_PAGE_RELOCATE : TdxLeaf.MEM_PAGE_DEMOTE,
              level > 0 && td.opState() == OpState.LIVE_IMPORT
                  ? TdxLeaf.MEM_PAGE_DEMOTE // a large REMOVED entry could never be used again
                  : TdxLeaf.MEM_PAGE_REMOVE,
              TdxLeaf.MEM_RANGE_UNBLOCK);
    };
  }

  /** Whether the table that was found has only free entries. */
  private boolean isTableEmpty() {
    long entry = SecureEpt.entryAcquire(domain.call.table, domain.call.index);
    return Arrays.stream(module.sept().tableOf(entry)).allMatch(child -> child == SeptEntry.FREE);
  }

  /** A page that suits a leaf function, for the most part. */
  private long operand(TdxLeaf leaf, long gpa, int level) {
    return switch (leaf) {
      case MEM_SEPT_ADD, MEM_PAGE_DEMOTE -> anyTable();
      case MEM_PAGE_RELOCATE -> oneIn(2) ? anyTable() : anyData();
      default ->
          oneIn(6)
              ? anyData() & -SeptEntry.pageBytes(level, domain.geometry)
              : domain.data(gpa >>> Geometry.PAGE_SHIFT);
    };
  }

  private long anyTable() {
    return domain.table(random.nextInt(TABLES));
  }

  private long anyData() {
    return domain.data(anyGpa() >>> Geometry.PAGE_SHIFT);
  }

  private long sparePair() {
    return domain.sparePairPage(random.nextInt(PAIR_PAGES));
  }

  /** A call about a host page, or a vCPU. */
  private void pageCall() {
    long page = anyData();
    long block = page & -SeptEntry.pageBytes(1, domain.geometry);
    TdxLeaf leaf =
        oneOf(
            List.of(
                TdxLeaf.PHYMEM_PAGE_RDMD,
                TdxLeaf.PHYMEM_PAGE_RECLAIM,
                TdxLeaf.PHYMEM_PAGE_WBINVD,
                TdxLeaf.PHYMEM_PAMT_ADD,
                TdxLeaf.PHYMEM_PAMT_ADD,
                TdxLeaf.PHYMEM_PAMT_REMOVE,
                TdxLeaf.VP_FLUSH,
                TdxLeaf.PHYMEM_CACHE_WB));
    switch (leaf) {
      case VP_FLUSH -> seamcall(leaf, oneOf(domain.vcpus).tdvpr(), 0, 0);
      case PHYMEM_PAMT_ADD -> addPair(block);
      case PHYMEM_PAMT_REMOVE -> seamcall(leaf, block | 1, 0, 0);
      default -> seamcall(leaf, page, 0, 0);
    }
  }

  private void addPair(long page) {
    long block = page & -SeptEntry.pageBytes(1, domain.geometry);
    seamcall(TdxLeaf.PHYMEM_PAMT_ADD, block | 1, sparePair(), sparePair());
  }

  /** A call with any operands at all. */
  private void wrongCall() {
    TdxLeaf leaf = oneOf(List.of(LEAVES));
    if (leaf.number() < 0 || leaf == TdxLeaf.MNG_VPFLUSHDONE || leaf == TdxLeaf.GUEST_ACCEPT) {
      return; // it would end all, or is none
    }
    long gfns = domain.geometry.gfnLimit();
    long gpa = TestDomain.gpa(random.nextInt((int) gfns + 2)) | random.nextInt(6);
    long any = TestDomain.page(random.nextInt(250));
    long wrong = oneOf(List.of(any, any, any | 0x800, 0x1000L, TdxModule.NULL_PA, any | 1L << 50));
    seamcall(leaf, oneIn(4) ? wrong : gpa, oneIn(4) ? wrong : td.tdr() | random.nextInt(2), wrong);
  }

  /** A call while another holds some lock. */
  private void lockedCall() {
    Pamt pamt = module.pamt();
    long pfn =
        domain.data(random.nextInt((int) domain.geometry.gfnLimit())) >>> Geometry.PAGE_SHIFT;
    int level = random.nextInt(3);
    boolean isTree = oneIn(2);
    int[] words = isTree ? td.words() : pamt.lockWords(level, pfn);
    int at = isTree ? TrustDomain.treeLock() : pamt.lockIndex(level, pfn);
    if (TryLocks.wordVolatile(words, at) == 0) {
      TryLocks.setWordVolatile(words, at, 1);
      entryCall();
      TryLocks.setWordVolatile(words, at, 0);
    }
  }

  private void seamcall(TdxLeaf leaf, long rcx, long rdx, long r8) {
    call.rax = leaf.number() | (oneIn(24) ? 1L << 16 : 0);
    call.rcx = rcx;
    call.rdx = rdx;
    call.r8 = r8;
    call.r9 = TestDomain.page(random.nextInt(250));
    call.r12 = sparePair();
    call.r13 = sparePair();
    long source = contents.read(call.r9 >>> Geometry.PAGE_SHIFT);
    last = leaf + String.format(" of 0x%x, 0x%x, 0x%x", rcx, rdx, r8);
    long status = audit.seamcall(call);
    last += ": " + SeamcallStatus.describe(status);
    if (status == SeamcallStatus.SUCCESS) {
      succeeded.add(leaf);
      follow(leaf, rcx, source);
    } else {
      failures.add(SeamcallStatus.describe(SeamcallStatus.detail(status)));
    }
  }

  /** What a call does to the contents that are expected. */
  private void follow(TdxLeaf leaf, long rcx, long source) {
    long gfn = rcx >>> Geometry.PAGE_SHIFT;
    switch (leaf) {
      case MEM_PAGE_ADD -> expected.put(gfn, source);
      case MEM_PAGE_REMOVE -> {
        for (long i = 0; i < domain.pagesOf((int) rcx & LEVEL_MASK); i++) {
          expected.remove(gfn + i);
          takeBack(hpa(call.rcx) + TestDomain.gpa(i));
        }
      }
      case MEM_PAGE_RELOCATE, MEM_PAGE_PROMOTE, MEM_SEPT_REMOVE -> takeBack(hpa(call.rcx));
      case MEM_RANGE_BLOCK -> planToConsume(rcx);
      default -> {}
    }
  }

  /** The host has a page back. */
  private void takeBack(long page) {
    contents.write(page >>> Geometry.PAGE_SHIFT, PageContents.GARBAGE);
    if (oneIn(4)) {
      long block = page & -SeptEntry.pageBytes(1, domain.geometry);
      plan.add(() -> seamcall(TdxLeaf.PHYMEM_PAGE_WBINVD, page, 0, 0));
      plan.add(() -> seamcall(TdxLeaf.PHYMEM_PAMT_REMOVE, block | 1, 0, 0));
    }
  }

  private static long hpa(long rcx) {
    return rcx & (1L << ModuleConfig.PHYSICAL_BITS) - 1;
  }

  // The guest.

  private void guestCall() {
    TdVcpu vcpu = oneOf(domain.vcpus);
    if (!vcpu.isInside()) {
      enter(vcpu);
    } else if (oneIn(4)) {
      leave(vcpu);
    } else {
      long gpa = anyGpa();
      vcpu.setRip(oneIn(3) ? random.nextInt() : 1);
      if (oneIn(2)) {
        int level = random.nextInt(2);
        accept(vcpu, gpa & -SeptEntry.pageBytes(level, domain.geometry), level);
      } else {
        touch(vcpu, gpa);
      }
    }
  }

  private void enter(TdVcpu vcpu) {
    if (!vcpu.isInside()) {
      seamcall(TdxLeaf.VP_ENTER, vcpu.tdvpr(), 0, 0);
    }
  }

  private void leave(TdVcpu vcpu) {
    if (vcpu.isInside()) {
      last = "exit";
      audit.exit(vcpu, 0);
    }
  }

  private void accept(TdVcpu vcpu, long gpa, int level) {
    if (!vcpu.isInside()) {
      return;
    }
    last = String.format("ACCEPT of 0x%x at level %d", gpa, level);
    GuestOutcome outcome = audit.accept(vcpu, gpa | level | (oneIn(30) ? 0x800 : 0));
    last += ": " + outcome + ", " + SeamcallStatus.describe(vcpu.guestRax());
    if (outcome == GuestOutcome.NOT_ADVANCED) {
      plan.addFirst(() -> accept(vcpu, gpa, level));
    } else if (outcome == GuestOutcome.RETURNED && vcpu.guestRax() == SeamcallStatus.SUCCESS) {
      succeeded.add(TdxLeaf.GUEST_ACCEPT);
      plan.addFirst(() -> touch(vcpu, gpa));
      for (long i = 0; i < domain.pagesOf(level); i++) {
        expected.put((gpa >>> Geometry.PAGE_SHIFT) + i, 0L);
      }
    }
  }

  private void touch(TdVcpu vcpu, long gpa) {
    if (!vcpu.isInside()) {
      return;
    }
    last = String.format("access to 0x%x", gpa);
    if (audit.access(vcpu, gpa, Access.WRITE.bit()) == GuestOutcome.RETURNED) {
      succeeded.add(TdxLeaf.GUEST_ACCESS);
      long gfn = gpa >>> Geometry.PAGE_SHIFT;
      expected.put(gfn, ++written);
      contents.write(audit.flat(td).get(gfn).pfn(), written);
    }
  }

  // The end.

  void tearDown() {
    expected.clear();
    for (TdVcpu vcpu : domain.vcpus) {
      if (vcpu.isInside()) {
        audit.exit(vcpu, 0);
      }
      if (vcpu.isAssociated()) {
        end(TdxLeaf.VP_FLUSH, vcpu.tdvpr());
      }
    }
    end(TdxLeaf.MNG_VPFLUSHDONE, td.tdr());
    end(TdxLeaf.PHYMEM_CACHE_WB, 0);
    end(TdxLeaf.MNG_KEY_FREEID, td.tdr());
    Pamt pamt = module.pamt();
    for (long pfn = pamt.endPfn() - 1; pfn >= pamt.firstPfn(); pfn--) {
      call.rax = TdxLeaf.PHYMEM_PAGE_RECLAIM.number();
      call.rcx = pfn << Geometry.PAGE_SHIFT;
      audit.seamcall(call);
    }
    assertEquals(List.of(), module.tds(), "the TD has gone");
    for (long pfn = pamt.firstPfn(); pfn < pamt.endPfn(); pfn += domain.pagesOf(1)) {
      if (pamt.typeAcquire(Pamt.PG_2M, pfn) == PageType.PAMT) {
        end(TdxLeaf.PHYMEM_PAMT_REMOVE, pfn << Geometry.PAGE_SHIFT | 1);
      }
    }
    for (long pfn = pamt.firstPfn(); pfn < pamt.endPfn(); pfn++) {
      assertTrue(pamt.isFree(pfn), "a page is left: " + pfn);
    }
  }

  private void end(TdxLeaf leaf, long rcx) {
    call.rax = leaf.number();
    call.rcx = rcx;
    TestDomain.assertStatus(0, audit.seamcall(call));
    succeeded.add(leaf);
  }
}
