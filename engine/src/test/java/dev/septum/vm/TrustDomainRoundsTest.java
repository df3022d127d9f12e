package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Rounds;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.tdx.SeamcallStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Three and four threads on a small trust domain, round by round. */
@Timeout(600)
final class TrustDomainRoundsTest {
  private static final int BLOCK = 4;

  @ParameterizedTest
  @EnumSource(names = {"EXCLUSIVE", "SHARED"})
  void twoAcceptsAndADemotionAgreeOnAnOrder(AcceptPolicy policy) {
    Rounds.run("two ACCEPTs, a demotion, " + policy, new Accepts(policy, false));
  }

  /** The broken variant: a host that also takes a page of which the checker knows nothing. */
  @Test
  void noticesAnAcceptedPageThatIsLost() {
    String found =
        Rounds.runUntilNoticed("lost ACCEPTs", new Accepts(AcceptPolicy.EXCLUSIVE, true));
    boolean isAcceptedTwice = found.contains("done, 4K done"); // taken between the two
    assertTrue(found.contains("was lost") || isAcceptedTwice, found);
  }

  @ParameterizedTest
  @EnumSource
  void aConversionFaultsAndAPromotionLoseNothing(AcceptPolicy policy) {
    Rounds.run("conversion, faults, promotion, " + policy, new Conversions(policy, false));
  }

  /** The broken variant, as above. */
  @Test
  void noticesAConversionThatTakesTooMuch() {
    String found =
        Rounds.runUntilNoticed("lost pages", new Conversions(AcceptPolicy.EXCLUSIVE, true));
    assertTrue(found.contains("was lost"), found);
  }

  private static String accept(TrustDomainVcpu vcpu, long gfn, PageLevel level) {
    long status = TdMachine.accept(vcpu, gfn, level);
    long detail = SeamcallStatus.detail(status);
    if (status == SeamcallStatus.SUCCESS) {
      return "done";
    } else if (status == TrustDomainVcpu.NOT_COMPLETED) {
      return vcpu.exit().name();
    } else if (detail == SeamcallStatus.PAGE_ALREADY_ACCEPTED) {
      return "already";
    }
    return detail == SeamcallStatus.PAGE_SIZE_MISMATCH ? "size" : SeamcallStatus.describe(status);
  }

  private static void assertContent(SweptMachine machine, long gfn, String wanted) {
    String found = machine.pages().get((int) gfn);
    assertEquals(wanted, found, () -> "gfn " + gfn + " was lost");
  }

  private static void assertSound(SweptMachine machine) {
    machine.assertSound();
    assertNull(machine.vm.mmu().health().evidence());
  }

  /**
   * A page of 2M, pending. One vCPU accepts a page of 4K in it, another the same or all of the 2M,
   * and the host converts a third page, for which it has to demote.
   */
  private static final class Accepts implements Rounds.Race {
    private static final long FIRST = 16;
    private static final long ACCEPTED = FIRST + 1;
    private static final GfnRange CONVERTED = GfnRange.ofPages(FIRST + 3, 1);

    private final AcceptPolicy policy;
    private final boolean takesTooMuch;
    private SweptMachine machine;
    private boolean isWhole;
    private final String[] results = new String[2];

    Accepts(AcceptPolicy policy, boolean takesTooMuch) {
      this.policy = policy;
      this.takesTooMuch = takesTooMuch;
    }

    @Override
    public List<Crew.Task> begin(Random random) {
      if (machine != null) {
        machine.end();
      }
      machine =
          SweptMachine.trustDomain(
                  new OneFault(), TrustDomainOptions.DEFAULT.withAcceptPolicy(policy))
              .with(SweptMachine.MEMORY, PageLevel.LEVEL_2M)
              .running()
              .withVcpu();
      if (random.nextInt(4) > 0) {
        Object unused = machine.access(FIRST, Access.WRITE); // else there is nothing to demote
      }
      isWhole = random.nextBoolean();
      Arrays.fill(results, null);
      List<Crew.Task> tasks = new ArrayList<>();
      for (int id = 0; id < 2; id++) {
        int own = id;
        TrustDomainVcpu vcpu = (TrustDomainVcpu) machine.vcpus.get(id);
        boolean large = id == 1 && isWhole;
        tasks.add(
            () ->
                results[own] =
                    large
                        ? accept(vcpu, FIRST, PageLevel.LEVEL_2M)
                        : accept(vcpu, ACCEPTED, PageLevel.LEVEL_4K));
      }
      TrustDomainHost host = machine.host();
      tasks.add(
          () -> {
            long unused = host.convertToShared(CONVERTED);
            if (takesTooMuch) {
              unused = machine.vm.zap(GfnRange.ofPages(ACCEPTED, 1));
            }
          });
      return tasks;
    }

    /** One of the two has accepted the page, and the other has found it so, or torn. */
    @Override
    public String end() {
      String outcome = (isWhole ? "2M " : "4K ") + results[1] + ", 4K " + results[0];
      List<String> allowed =
          isWhole
              ? List.of("2M done, 4K already", "2M size, 4K done")
              : List.of("4K done, 4K already", "4K already, 4K done");
      assertContent(machine, ACCEPTED, "accepted 0");
      assertTrue(allowed.contains(outcome), outcome);
      assertContent(machine, CONVERTED.start(), "shared 0");
      boolean isAllAccepted = outcome.startsWith("2M done");
      assertContent(machine, FIRST, isAllAccepted ? "accepted 0" : "unaccepted");
      assertContent(machine, FIRST + 2, isAllAccepted ? "accepted 0" : "unaccepted");
      assertSound(machine);
      return outcome;
    }
  }

  /**
   * All accepted. One thread converts a page to shared and back, one touches it either way, one
   * promotes, and one writes and reads the others.
   */
  private static final class Conversions implements Rounds.Race {
    private static final int PAGES = (int) SweptMachine.MEMORY.pages();
    private static final int STEPS = 3;

    private final SweptMachine machine;
    private final TrustDomainHost host;
    private final long[] written = new long[PAGES];
    private final boolean takesTooMuch;
    private int converted;
    private boolean staysShared;

    Conversions(AcceptPolicy policy, boolean takesTooMuch) {
      this.takesTooMuch = takesTooMuch;
      machine =
          SweptMachine.trustDomain(
                  new OneFault(), TrustDomainOptions.DEFAULT.withAcceptPolicy(policy))
              .with(SweptMachine.MEMORY, PageLevel.LEVEL_1G)
              .running()
              .withVcpu()
              .accepted(SweptMachine.MEMORY, PageLevel.LEVEL_2M);
      host = machine.host();
      for (int gfn = 0; gfn < PAGES; gfn++) {
        write(machine.tdVcpu(), gfn, 1000 + gfn);
      }
    }

    private void write(TrustDomainVcpu vcpu, int gfn, long value) {
      VcpuExit exit = vcpu.store(SweptMachine.gpa(gfn), value);
      assertEquals(VcpuExit.NONE, exit, () -> "gfn " + gfn + " was lost");
      written[gfn] = value;
    }

    private void read(TrustDomainVcpu vcpu, int gfn) {
      long found = vcpu.load(SweptMachine.gpa(gfn));
      assertEquals(VcpuExit.NONE, vcpu.exit(), () -> "gfn " + gfn + " was lost");
      assertEquals(written[gfn], found, () -> "gfn " + gfn + " was lost");
    }

    /** The page of the last round is private again, and accepted. */
    private void repair() {
      long unused = host.convertToPrivate(GfnRange.ofPages(converted, 1));
      TrustDomainVcpu vcpu = machine.tdVcpu();
      String status = accept(vcpu, converted, PageLevel.LEVEL_4K);
      if (status.equals("ENDLESS_VIOLATION")) { // IGNORE: it was faulted in as 2M
        status = accept(vcpu, converted & -BLOCK, PageLevel.LEVEL_2M);
      }
      assertTrue(List.of("done", "already").contains(status), status);
      write(vcpu, converted, 1000 + converted);
    }

    @Override
    public List<Crew.Task> begin(Random random) {
      repair();
      converted = random.nextInt(PAGES);
      staysShared = random.nextBoolean();
      PageLevel largest = random.nextBoolean() ? PageLevel.LEVEL_1G : PageLevel.LEVEL_2M;
      int[] others = random.ints(STEPS, 0, PAGES).filter(gfn -> gfn != converted).toArray();
      long[] values = random.longs(STEPS).toArray();
      GfnRange range = GfnRange.ofPages(converted, 1);
      TrustDomainVcpu user = (TrustDomainVcpu) machine.vcpus.get(1);
      return List.of(
          () -> {
            long unused = host.convertToShared(range);
            if (takesTooMuch) {
              unused = machine.vm.zap(GfnRange.ofPages(converted ^ 1, 1));
            }
            if (!staysShared) {
              unused = host.convertToPrivate(range);
            }
          },
          () -> {
            for (int step = 0; step < STEPS; step++) {
              long gpa = SweptMachine.gpa(converted);
              VcpuExit unused = machine.vcpu().access(gpa | host.sharedBit(), Access.WRITE);
              unused = machine.vcpu().access(gpa, Access.READ);
            }
          },
          () -> {
            for (int step = 0; step < STEPS; step++) {
              long unused = host.promote(SweptMachine.MEMORY, largest);
            }
          },
          () -> {
            for (int step = 0; step < others.length; step++) {
              read(user, others[step]);
              write(user, others[step], values[step]);
            }
          });
    }

    @Override
    public String end() {
      List<String> pages = machine.pages();
      for (int gfn = 0; gfn < PAGES; gfn++) {
        if (gfn != converted) {
          int at = gfn;
          assertEquals("accepted " + written[gfn], pages.get(gfn), () -> "gfn " + at + " was lost");
        }
      }
      String found = pages.get(converted);
      assertTrue(staysShared ? found.startsWith("shared ") : found.equals("unaccepted"), found);
      assertSound(machine);
      long large = machine.vm.mapped(PageLevel.LEVEL_2M) + machine.vm.mapped(PageLevel.LEVEL_1G);
      return large == 0 ? "all small" : "some large";
    }
  }
}
