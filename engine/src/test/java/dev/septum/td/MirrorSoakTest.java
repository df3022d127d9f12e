package dev.septum.td;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import dev.septum.mmu.FaultResult;
import dev.septum.mmu.Mirroring;
import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.Roots;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.TlbFlusher;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.SpinWait;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.ModuleConfig;
import dev.septum.tdx.OpState;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxLock;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TdxModule.TdParams;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * vCPUs that accept and write at both sizes, faults, splits and zaps, all at once, with locks held
 * and interrupts pending now and then: no content is lost but by a zap, none is written behind one,
 * and both trees agree.
 */
@Timeout(120)
final class MirrorSoakTest {
  private static final long MILLIS = Long.getLong("septum.soak.millis", 700);
  private static final int VCPUS = 3;
  private static final long GFNS = 32;
  private static final int ONE_IN = 8;
  private static final int VISITS = 60;
  private static final int CHANGES = 12;

  static List<ModuleConfig> configs() {
    return TdBench.configs();
  }

  /** Contention, as long as it is not promised that there is none. */
  private static TdxFaults trouble(PolledVcpus vcpus) {
    return new TdxFaults() {
      private boolean happens() {
        return !vcpus.excluded && ThreadLocalRandom.current().nextInt(ONE_IN) == 0;
      }

      @Override
      public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
        return happens();
      }

      @Override
      public boolean isInterrupted(TdxLeaf leaf, int check) {
        return leaf != TdxLeaf.GUEST_ACCEPT && happens();
      }

      @Override
      public boolean isPreviousEpochBusy() {
        return happens();
      }
    };
  }

  @ParameterizedTest
  @MethodSource("configs")
  void bothTreesAgreeAndNothingIsLost(ModuleConfig config) {
    PolledVcpus vcpus = new PolledVcpus();
    TdBench memory = new TdBench(config, false); // for its content alone
    TdxModule module = new TdxModule(config, memory.hostPages, trouble(vcpus), System::nanoTime);
    long seed = Seeds.seed("MirrorSoakTest");
    BooleanSupplier isTime = Crew.forMillis(MILLIS);
    Map<TdxLeaf, Long> calls = new EnumMap<>(TdxLeaf.class);
    for (long round = 0; round == 0 || isTime.getAsBoolean(); round++) {
      Life life = new Life(module, vcpus, memory);
      life.run(seed + round);
      life.checkSound();
      life.end();
      for (TdxLeaf leaf : TdxLeaf.values()) {
        calls.merge(leaf, life.life.counts().calls(leaf), Long::sum);
      }
    }
    calls.values().removeIf(sum -> sum == 0);
    System.out.println("MirrorSoakTest: " + calls);
    assertTrue(
        calls
            .keySet()
            .containsAll(
                EnumSet.of(TdxLeaf.MEM_PAGE_AUG, TdxLeaf.MEM_PAGE_REMOVE, TdxLeaf.MEM_PAGE_DEMOTE)),
        calls.toString());
  }

  /** One TD, from its making to its end. */
  private static final class Life {
    final PolledVcpus vcpus;
    final TdBench memory;
    final TdxModule module;
    final TdLifecycle life;
    final TdpMmu mmu;
    final TdBuild build;

    Life(TdxModule module, PolledVcpus vcpus, TdBench memory) {
      this.module = module;
      this.vcpus = vcpus;
      this.memory = memory;
      TdParams params = new TdParams(TdBench.SHARED_BIT, true, false, OpState.INITIALIZED);
      life = new TdLifecycle(module, params, module.config().firstPfn(), VCPUS, vcpus);
      MirrorDriver driver =
          new MirrorDriver(life, TdBench.SEPT_PAGES, memory.hostPages, false, false);
      mmu =
          new TdpMmu(
              TdBench.GEOMETRY,
              TdBench.MAX_TABLES,
              MmuOptions.SEPTUM,
              new BiasedMmuLock(),
              TlbFlusher.NONE,
              new Mirroring(driver, TdBench.SHARED_BIT));
      build = new TdBuild(mmu, driver, life, gfn -> new PageFault());
    }

    void run(long seed) {
      Crew crew = new Crew();
      PolledVcpus.Guest[] guests = new PolledVcpus.Guest[VCPUS];
      for (int i = 0; i < VCPUS; i++) {
        guests[i] = vcpus.new Guest(module, life.createVcpu());
      }
      build.finalizeBuild();
      for (PolledVcpus.Guest guest : guests) {
        Random random = new Random(seed ^ guest.vcpu.tdvpr());
        crew.start(() -> runGuest(guest, random, crew));
      }
      crew.start(() -> runHost(new Random(seed), crew));
      crew.join();
    }

    private void runGuest(PolledVcpus.Guest guest, Random random, Crew crew) {
      SeamcallRegisters place = new SeamcallRegisters();
      PageFault fault = new PageFault();
      try (Walker walker = mmu.newWalker()) {
        for (int visit = 0; visit < VISITS && !crew.hasFailed(); visit++) {
          long gfn = random.nextInt((int) GFNS);
          int level = 1 + random.nextInt(2);
          if (random.nextInt(4) == 0) {
            guest.vcpu.setRip(random.nextLong()); // else it seems to step
          }
          if (!guest.tryEnter()) {
            SpinWait.pause(1);
            continue;
          }
          boolean wantsPage;
          do {
            wantsPage = !acceptAndWrite(guest, place, gfn, level);
          } while (!wantsPage && !guest.mustLeave() && random.nextInt(4) != 0);
          guest.leave();
          if (wantsPage) {
            settle(walker, fault, gfn, level);
          }
        }
      }
    }

    /** What the guest does inside; false if it has exited because it wants a page. */
    private boolean acceptAndWrite(
        PolledVcpus.Guest guest, SeamcallRegisters place, long gfn, int level) {
      long page = TdBench.GEOMETRY.round(gfn, level) << Geometry.PAGE_SHIFT | level - 1;
      if (module.guest().accept(guest.vcpu, page) != GuestOutcome.RETURNED) {
        return false;
      }
      long gpa = gfn << Geometry.PAGE_SHIFT;
      GuestOutcome outcome = module.guest().access(guest.vcpu, gpa, Access.WRITE.bit(), place);
      if (outcome == GuestOutcome.RETURNED) {
        memory.content[(int) (TdBench.MEMORY + gfn)] = TdBench.written(gfn);
      }
      return outcome != GuestOutcome.TD_EXIT;
    }

    /** What the host does about an exit: maps, or splits what is mapped larger than wanted. */
    private void settle(Walker walker, PageFault fault, long gfn, int level) {
      FaultResult result;
      int tries = 0;
      do {
        fault
            .begin(gfn, Access.WRITE.bit(), mmu.invalidationSequence())
            .backedBy(TdBench.MEMORY + gfn, true, 2)
            .wanting(level)
            .asPrivate(module.config().nonBlockingResize());
        result = mmu.fault(walker, fault);
        SpinWait.pause(tries++);
      } while (result == FaultResult.RETRY);
      if (fault.mappedLevel() > level) {
        mmu.splitMirror(walker, GfnRange.ofPages(gfn, 1), level);
      }
    }

    private void runHost(Random random, Crew crew) {
      try (Walker walker = mmu.newWalker()) {
        for (int change = 0; change < CHANGES && !crew.hasFailed(); change++) {
          GfnRange block = GfnRange.ofPages(4L * random.nextInt((int) GFNS / 4), 4);
          if (random.nextBoolean()) {
            mmu.splitMirror(walker, block, 1);
          } else {
            mmu.zap(walker, block, Roots.MIRROR);
          }
        }
      }
    }

    void checkSound() {
      assertNull(mmu.health().evidence());
      assertEquals(List.of(), mmu.audit());
      assertEquals(List.of(), module.audit());
      boolean[] mapped = new boolean[(int) GFNS];
      try (Walker walker = mmu.newWalker()) {
        assertEquals(List.of(), MirrorAudit.run(mmu, walker, module, life.td()));
        mmu.forEachLeaf(
            walker,
            new GfnRange(0, GFNS),
            Roots.MIRROR,
            (gfn, level, entry) -> {
              for (long at = gfn; at < gfn + TdBench.GEOMETRY.pages(level); at++) {
                mapped[(int) at] = true;
              }
            });
      }
      for (int gfn = 0; gfn < GFNS; gfn++) {
        long found = memory.content[(int) TdBench.MEMORY + gfn];
        assertTrue(
            found == 0 || mapped[gfn] && found == TdBench.written(gfn),
            String.format("gfn 0x%x holds %d, mapped %b", gfn, found, mapped[gfn]));
      }
    }

    void end() {
      life.freeKey();
      mmu.close();
      life.reclaim();
      vcpus.forget();
      assertEquals(List.of(), module.tds());
      assertEquals(List.of(), module.audit());
      for (long pfn = TdBench.MEMORY; pfn < TdBench.MEMORY + GFNS; pfn++) {
        assertEquals(0, memory.content[(int) pfn]);
      }
    }
  }
}
