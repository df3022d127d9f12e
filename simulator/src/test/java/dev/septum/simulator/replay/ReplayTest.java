package dev.septum.simulator.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mmu.AuditRule;
import dev.septum.mmu.Violation;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.guest.GuestKind;
import dev.septum.simulator.input.Trace;
import dev.septum.simulator.input.TraceFormat;
import dev.septum.simulator.input.TraceSource;
import dev.septum.simulator.report.ProgressLine;
import dev.septum.td.AcceptPolicy;
import dev.septum.trace.MmuCounter;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs of small guests. */
class ReplayTest {
  private static final int VCPUS = 4;
  private static final int PAGES = 2048;
  private static final int ACCESSES = 4000;
  private static final int MAX_TABLES = 1 << 16;

  @TempDir Path directory;
  private Trace guest;
  private long seed;

  @BeforeEach
  void makeGuest() throws Exception {
    guest = Guest.read(Guest.write(directory.resolve("guest.trace"), VCPUS, ACCESSES, PAGES));
    seed = ThreadLocalRandom.current().nextLong(1L << 48);
  }

  @Test
  void everyPageFaultsOnceAndWritesMakeDirty() throws Exception {
    ReplayResult result = run(plan(guest, PageLevel.LEVEL_4K, 2, 0, 0));
    assertNull(result.verdict());
    assertEquals(2L * VCPUS * ACCESSES, result.accesses());
    assertEquals(new PageCounts(PAGES, 0, 0), result.mapped());
    assertEquals(new PageCounts(PAGES / 2, 0, 0), result.dirty());
    assertEquals(PAGES, result.count(MmuCounter.FAULTS_FIXED));
    assertEquals(0, result.tables().waiting());
    assertEquals(0, result.tlb().staleUses());
    assertEquals(0, result.churned());
  }

  @Test
  void largeBackingMapsLargePages() throws Exception {
    assertEquals(
        new PageCounts(0, PAGES / 512, 0), run(plan(guest, PageLevel.LEVEL_2M, 1, 0, 0)).mapped());
    assertEquals(new PageCounts(0, 0, 1), run(plan(guest, PageLevel.LEVEL_1G, 1, 0, 0)).mapped());
  }

  @ParameterizedTest
  @EnumSource(
      value = PageLevel.class,
      names = {"LEVEL_4K", "LEVEL_2M", "LEVEL_1G"})
  void churnIsSurvivedUnharmed(PageLevel backing) throws Exception {
    ReplayResult result = run(plan(guest, backing, 300, 20_000, 0));
    assertNull(result.verdict(), () -> "seed " + seed + ": " + result.verdict());
    assertEquals(300L * VCPUS * ACCESSES, result.accesses());
    assertTrue(result.churned() > 0);
    assertTrue(result.count(MmuCounter.ZAPS) > 0, "seed " + seed);
    if (backing != PageLevel.LEVEL_4K) {
      assertTrue(result.count(MmuCounter.SPLITS) > 0, "seed " + seed);
      assertTrue(result.count(MmuCounter.MERGES) > 0, "seed " + seed);
    }
  }

  @Test
  void lostFlushesAreFound() throws Exception {
    ReplayResult result = run(plan(guest, PageLevel.LEVEL_2M, 300, 20_000, 1));
    assertTrue(result.injected(Injection.DROP_FLUSH) > 0, "seed " + seed);
    assertTrue(result.tlb().staleUses() > 0, "seed " + seed);
    assertEquals(
        result.tlb().staleUses() + " stale uses of a translation, 0 violations found by the audit",
        result.verdict());
  }

  @Test
  void fullArenaEndsTheRunInOneLine() throws Exception {
    ReplayPlan plan =
        new ReplayPlan(
            guest, layout(guest), PageLevel.LEVEL_4K, 1, 0, Map.of(), seed, 3, true, null);
    ReplayResult result = run(plan);
    String failure = result.failure();
    assertNotNull(failure);
    assertTrue(failure.matches("vCPU \\d: the table arena is full: limit 3 tables.*"), failure);
    assertEquals(List.of(), result.violations());
  }

  @Test
  void exitThatNoSlotAnswersEndsTheRun() throws Exception {
    ReplayPlan plan =
        new ReplayPlan(
            guest,
            GuestLayout.ofMemory(4096),
            PageLevel.LEVEL_4K,
            1,
            0,
            Map.of(),
            seed,
            MAX_TABLES,
            true,
            null);
    String failure = run(plan).failure();
    assertNotNull(failure);
    assertTrue(
        failure.matches("vCPU \\d: exit MMIO at 0x[0-9a-f]+: no memory slot answers it"), failure);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void machineThatIsBuggedAtTheEndHasItsReport(boolean isTrustDomain) throws Exception {
    TrustDomainPlan how =
        isTrustDomain
            ? new TrustDomainPlan(GuestKind.LINUX, AcceptPolicy.EXCLUSIVE, 0, 0, false)
            : null;
    ReplayPlan plan =
        new ReplayPlan(
            guest, layout(guest), PageLevel.LEVEL_4K, 1, 0, Map.of(), seed, MAX_TABLES, true, how);
    ReplayResult result =
        Replay.run(plan, quiet(), machine -> machine.mmu().health().bug("on purpose"));
    assertEquals("the machine is bugged: on purpose", result.failure());
    assertEquals((long) VCPUS * ACCESSES, result.accesses());
    assertEquals(isTrustDomain, result.trustDomain() != null);
  }

  @Test
  void withoutTlbsEveryAccessWalks() throws Exception {
    ReplayPlan plan =
        new ReplayPlan(
            guest,
            layout(guest),
            PageLevel.LEVEL_4K,
            1,
            0,
            Map.of(),
            seed,
            MAX_TABLES,
            false,
            null);
    ReplayResult result = run(plan);
    assertNull(result.verdict());
    assertEquals(0, result.tlb().hits());
    assertTrue(result.tlb().misses() >= (long) VCPUS * ACCESSES, "seed " + seed);
    assertEquals(new PageCounts(PAGES, 0, 0), result.mapped());
  }

  @Test
  void everyVcpuHasItsRate() throws Exception {
    ReplayResult result = run(plan(guest, PageLevel.LEVEL_4K, 2, 0, 0));
    assertEquals(VCPUS, result.vcpus().size());
    for (ReplayResult.Vcpu vcpu : result.vcpus()) {
      assertEquals(2L * ACCESSES, vcpu.accesses());
      assertTrue(vcpu.cpuSeconds() > 0);
    }
  }

  @Test
  void violationIsVerdict() throws Exception {
    ReplayResult sound = run(plan(guest, PageLevel.LEVEL_4K, 1, 0, 0));
    ReplayResult broken =
        new ReplayResult(
            sound.plan(),
            sound.accesses(),
            sound.seconds(),
            sound.mapped(),
            sound.dirty(),
            sound.counters(),
            sound.tables(),
            sound.tlb(),
            sound.churned(),
            sound.injected(),
            List.of(new Violation(AuditRule.COUNTS, "two and two are five")),
            null,
            List.of(),
            null);
    assertEquals(
        "0 stale uses of a translation, 1 violations found by the audit", broken.verdict());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 8, 64})
  void shippedBootMapsItsPagesWhateverTheVcpus(int vcpus) throws Exception {
    for (PageLevel backing : List.of(PageLevel.LEVEL_4K, PageLevel.LEVEL_2M)) {
      Trace boot = Trace.read(TraceSource.shipped(), TraceFormat.SEPTUM, 0, vcpus, lines -> {});
      assertEquals(vcpus == 0 ? 4 : vcpus, boot.streams().size());
      assertEquals(4, boot.recordedVcpus());
      ReplayResult result = run(plan(boot, backing, 1, 0, 0));
      assertNull(result.verdict());
      assertEquals(87_871, result.accesses());
      boolean small = backing == PageLevel.LEVEL_4K;
      assertEquals(
          small ? new PageCounts(87_575, 0, 0) : new PageCounts(0, 174, 0), result.mapped());
      if (small) {
        assertEquals(new PageCounts(84_141, 0, 0), result.dirty());
      }
    }
  }

  private static GuestLayout layout(Trace trace) {
    return GuestLayout.covering(trace.blocks());
  }

  private ReplayPlan plan(
      Trace trace, PageLevel backing, int repeat, int churn, double lostFlushes) {
    Map<Injection, Double> injected =
        lostFlushes == 0 ? Map.of() : Map.of(Injection.DROP_FLUSH, lostFlushes);
    return new ReplayPlan(
        trace, layout(trace), backing, repeat, churn, injected, seed, MAX_TABLES, true, null);
  }

  private static ReplayResult run(ReplayPlan plan) throws InterruptedException {
    return Replay.run(plan, quiet());
  }

  private static ProgressLine quiet() {
    return ProgressLine.quiet(new PrintWriter(Writer.nullWriter()));
  }
}
