package dev.septum.tdx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Hosts and vCPUs at one TD, many threads at once: nothing throws, what a guest has written is read
 * again, and the module is sound behind them. {@code -Dseptum.soak.millis=N} makes it longer.
 */
@Timeout(120)
final class TdSoakTest {
  private static final long MILLIS = Long.getLong("septum.soak.millis", 700);
  private static final int BUSY_ONE_IN = 50;
  private static final int INTERRUPTED_ONE_IN = 4;

  @ParameterizedTest(name = "{0} hosts, {1} vCPUs, 1.5.01 {2}, faults {3}")
  @CsvSource({
    "1, 1, true, false",
    "2, 2, true, false",
    "2, 2, false, false",
    "4, 4, true, true",
    "4, 4, false, true"
  })
  void losesNothingThatAGuestHasAccepted(int hosts, int vcpus, boolean is1501, boolean faulty) {
    long seed = Seeds.seed("TD soak, " + hosts + " hosts, " + vcpus + " vCPUs");
    RandomFaults faults =
        faulty
            ? new RandomFaults(new Random(seed), BUSY_ONE_IN, INTERRUPTED_ONE_IN)
            : RandomFaults.none();
    Soak soak = new Soak(config(is1501), vcpus, faults);
    soak.run(hosts, seed);
    soak.checkContents();
    assertEquals(List.of(), soak.domain.module.audit());
    assertEquals(Set.of(), soak.neverDone());
  }

  @Test
  void noticesAPageThatLosesItsContent() {
    Soak soak = new Soak(config(true), 2, RandomFaults.none());
    soak.run(1, Seeds.seed("TD soak, a lost page"));
    long pfn = soak.flat().get(0L).pfn();
    soak.contents.write(pfn, PageContents.GARBAGE);
    assertThrows(AssertionError.class, soak::checkContents);
  }

  private static ModuleConfig config(boolean is1501) {
    return is1501
        ? TestDomain.v1501(TestDomain.SMALL)
        : TestDomain.newest(TestDomain.SMALL).withEnhancedDemoteInterruptibility(false);
  }

  /**
   * 64 gfns in four gigs. Of the first nothing is moved or removed, so that it can be promoted; of
   * the second pages are moved; from the others pages are removed.
   */
  private static final class Soak {
    private static final int GFNS = 64;
    private static final int GIG = 16;
    private static final int MOVED = GIG;
    private static final int REMOVED = 2 * GIG;
    private static final int TRIES = 40;
    private static final int MOST_CALLS = 100;

    /** Every vCPU writes to gfns of its own, tokens that tell gfns apart. */
    private static final long TOKEN = 1L << 20;

    final PageContents contents = new PageContents();
    final Map<Long, Long> expected = new ConcurrentHashMap<>();
    final Map<TdxLeaf, Boolean> done = new ConcurrentHashMap<>();
    final TestDomain domain;
    final TdxModule module;
    final RandomFaults faults;

    Soak(ModuleConfig config, int vcpus, RandomFaults faults) {
      this.faults = faults;
      faults.stop();
      domain = new TestDomain(config, vcpus, faults, contents, System::nanoTime);
      module = domain.module;
      for (int gig = 0; gig < REMOVED; gig += GIG) {
        domain.addTables(gpa(gig), 1);
        for (long gfn = gig; gfn < gig + GIG; gfn += domain.pagesOf(1)) {
          domain.done(TdxLeaf.MEM_PAGE_AUG, 1, gpa(gfn), domain.data(gfn));
        }
      }
      domain.makeRunnable();
      for (long gfn = 0; gfn < REMOVED; gfn += domain.pagesOf(1)) {
        domain.acceptBriefly(1, gpa(gfn));
      }
    }

    private static long gpa(long gfn) {
      return TestDomain.gpa(gfn);
    }

    void run(int hosts, long seed) {
      faults.start();
      Crew crew = new Crew();
      BooleanSupplier goesOn = Crew.forMillis(MILLIS);
      for (int i = 0; i < hosts; i++) {
        Random random = new Random(seed + i);
        SeamcallRegisters call = new SeamcallRegisters();
        crew.start(
            () -> {
              while ((goesOn.getAsBoolean() || !neverDone().isEmpty()) && !crew.hasFailed()) {
                host(random, call);
              }
            });
      }
      for (TdVcpu vcpu : domain.vcpus) {
        Random random = new Random(~seed + vcpu.tdvpr());
        Map<Long, Long> tlb = new HashMap<>();
        crew.start(
            () -> {
              while ((goesOn.getAsBoolean() || !neverDone().isEmpty()) && !crew.hasFailed()) {
                guest(random, vcpu, tlb);
              }
              leave(vcpu);
            });
      }
      crew.join();
      faults.stop();
    }

    Set<TdxLeaf> neverDone() {
      Set<TdxLeaf> left =
          EnumSet.of(
              TdxLeaf.MEM_SEPT_ADD,
              TdxLeaf.MEM_SEPT_REMOVE,
              TdxLeaf.MEM_PAGE_AUG,
              TdxLeaf.MEM_PAGE_REMOVE,
              TdxLeaf.MEM_PAGE_RELOCATE,
              TdxLeaf.MEM_PAGE_DEMOTE,
              TdxLeaf.MEM_PAGE_PROMOTE,
              TdxLeaf.MEM_RANGE_UNBLOCK,
              TdxLeaf.GUEST_ACCEPT,
              TdxLeaf.GUEST_ACCESS);
      left.removeAll(done.keySet());
      return left;
    }

    // A host.

    private void host(Random random, SeamcallRegisters call) {
      int gfn = random.nextInt(GFNS);
      int level = random.nextInt(3);
      long gpa = gpa(gfn) & -SeptEntry.pageBytes(level, domain.geometry);
      if (random.nextInt(4) == 0) {
        add(random, call, level, gpa);
        return;
      }
      TdxLeaf consumer = consumer(random, gfn, level);
      run(call, TdxLeaf.MEM_RANGE_BLOCK, level, gpa, 0);
      module.seamcall(call, TdxLeaf.MEM_TRACK, domain.td.tdr());
      for (int i = 0; i < TRIES; i++) {
        long status = run(call, consumer, level, gpa, page(random, consumer));
        if (SeamcallStatus.detail(status) != SeamcallStatus.TLB_TRACKING_NOT_DONE) {
          break;
        }
        Thread.onSpinWait();
      }
      run(call, TdxLeaf.MEM_RANGE_UNBLOCK, level, gpa, 0); // if it is blocked still
    }

    private static TdxLeaf consumer(Random random, int gfn, int level) {
      TdxLeaf[] choices = {
        TdxLeaf.MEM_RANGE_UNBLOCK,
        TdxLeaf.MEM_PAGE_DEMOTE,
        TdxLeaf.MEM_PAGE_PROMOTE,
        level == 0 && gfn >= MOVED ? TdxLeaf.MEM_PAGE_RELOCATE : TdxLeaf.MEM_PAGE_PROMOTE,
        gfn >= REMOVED ? TdxLeaf.MEM_PAGE_REMOVE : TdxLeaf.MEM_PAGE_DEMOTE,
        gfn >= REMOVED ? TdxLeaf.MEM_SEPT_REMOVE : TdxLeaf.MEM_PAGE_DEMOTE,
      };
      return choices[random.nextInt(choices.length)];
    }

    private long page(Random random, TdxLeaf leaf) {
      return leaf == TdxLeaf.MEM_PAGE_RELOCATE
          ? domain.data(random.nextInt(2 * GFNS))
          : domain.table(random.nextInt(GIG * 2));
    }

    private void add(Random random, SeamcallRegisters call, int level, long gpa) {
      boolean asTable = level == 2 || level == 1 && random.nextBoolean();
      TdxLeaf leaf = asTable ? TdxLeaf.MEM_SEPT_ADD : TdxLeaf.MEM_PAGE_AUG;
      long page =
          asTable
              ? domain.table(random.nextInt(GIG * 2))
              : domain.data(REMOVED + random.nextInt(GFNS - REMOVED))
                  & -SeptEntry.pageBytes(level, domain.geometry);
      run(call, leaf, level, gpa, page);
    }

    private long run(SeamcallRegisters call, TdxLeaf leaf, int level, long gpa, long page) {
      long status = module.seamcall(call, leaf, level, gpa, domain.td, page);
      if (status == SeamcallStatus.SUCCESS) {
        done.put(leaf, true);
      }
      return status;
    }

    // A guest.

    private void guest(Random random, TdVcpu vcpu, Map<Long, Long> tlb) {
      SeamcallRegisters call = new SeamcallRegisters();
      if (module.seamcall(call, TdxLeaf.VP_ENTER, vcpu.tdvpr()) != SeamcallStatus.SUCCESS) {
        return;
      }
      if (vcpu.takeFlush()) {
        tlb.clear();
      }
      int calls = random.nextInt(MOST_CALLS);
      for (int i = 0; i < calls && vcpu.isInside(); i++) {
        vcpu.setRip(random.nextInt());
        if (random.nextInt(8) == 0) {
          accept(random, vcpu);
        } else {
          access(random, vcpu, call, tlb);
        }
      }
      leave(vcpu);
    }

    private void leave(TdVcpu vcpu) {
      if (vcpu.isInside()) {
        module.guest().exit(vcpu, 0);
      }
    }

    private void accept(Random random, TdVcpu vcpu) {
      int level = random.nextInt(2);
      long gpa = gpa(random.nextInt(GFNS)) & -SeptEntry.pageBytes(level, domain.geometry);
      GuestOutcome outcome = module.guest().accept(vcpu, gpa | level);
      while (outcome == GuestOutcome.NOT_ADVANCED) {
        outcome = module.guest().accept(vcpu, gpa | level);
      }
      if (outcome == GuestOutcome.RETURNED && vcpu.guestRax() == SeamcallStatus.SUCCESS) {
        done.put(TdxLeaf.GUEST_ACCEPT, true);
      }
    }

    /** Checks what this vCPU has written, and writes something else. */
    private void access(Random random, TdVcpu vcpu, SeamcallRegisters place, Map<Long, Long> tlb) {
      int owners = domain.vcpus.size();
      long gfn = (long) random.nextInt(GFNS / owners) * owners + domain.vcpus.indexOf(vcpu);
      Long pfn = tlb.computeIfAbsent(gfn, g -> translate(vcpu, g, place));
      if (pfn == null) {
        return;
      }
      done.put(TdxLeaf.GUEST_ACCESS, true);
      check(gfn, contents.read(pfn));
      long token = gfn * TOKEN + random.nextInt((int) TOKEN);
      contents.write(pfn, token);
      expected.put(gfn, token);
    }

    private @Nullable Long translate(TdVcpu vcpu, long gfn, SeamcallRegisters place) {
      if (module.guest().access(vcpu, gpa(gfn), Access.WRITE.bit(), place)
          != GuestOutcome.RETURNED) {
        return null;
      }
      int level = module.guest().walkLevel(place);
      long base = SeptEntry.pageHpa(place.entry, level, domain.geometry);
      long inside = gpa(gfn) & SeptEntry.pageBytes(level, domain.geometry) - 1;
      return base + inside >>> Geometry.PAGE_SHIFT;
    }

    private void check(long gfn, long found) {
      boolean isLost = found != expected.getOrDefault(gfn, 0L);
      boolean isNew = gfn >= REMOVED && found == 0; // removed, added and accepted meanwhile
      if (isLost && !isNew) {
        throw new AssertionError(
            "gfn " + gfn + " should hold " + expected.get(gfn) + ", and holds " + found);
      }
    }

    Map<Long, ModuleSnapshot.Mapping> flat() {
      return new ModuleSnapshot(module).flat(domain.td.tdrPfn());
    }

    void checkContents() {
      Map<Long, ModuleSnapshot.Mapping> flat = flat();
      for (long gfn = 0; gfn < GFNS; gfn++) {
        ModuleSnapshot.Mapping mapping = flat.get(gfn);
        if (gfn < REMOVED) {
          assertTrue(mapping != null && mapping.isAccepted(), "gfn " + gfn + " was lost");
        }
        if (mapping != null && mapping.isAccepted()) {
          check(gfn, contents.read(mapping.pfn()));
        }
      }
    }
  }
}
