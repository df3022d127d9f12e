package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.td.PromotionScanner;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A small TD, 4 pages to the 2M and 16 to the 1G, whose host converts some pages again and again
 * while a scanner makes 2M and 1G of what is whole: what the guest has in the other pages stays,
 * and at rest all becomes 1G.
 */
@Timeout(120)
final class PromotionSoakTest {
  private static final long MILLIS = Long.getLong("septum.soak.millis", 100);
  private static final int GIG = 16;
  private static final GfnRange MEMORY = GfnRange.ofPages(0, 2 * GIG);

  /** The pages of a 1G block that the host converts: in two blocks of 2M. */
  private static final List<Integer> CONVERTED = List.of(5, 6, 9);

  private static final int CHANGES = 20;

  @ParameterizedTest
  @EnumSource
  void nothingIsLostAndAllBecomes1g(AcceptPolicy policy) {
    Soak soak = new Soak(policy);
    soak.run(new Random(Seeds.seed("PromotionSoakTest")), false);
    assertTrue(soak.host.promotions() > 0);
    soak.vm.close();
    assertEquals(List.of(), soak.host.module().tds());
  }

  /** The broken variant: a host that takes a page of which the guest does not know. */
  @Test
  void noticesAPageThatIsLost() {
    Soak soak = new Soak(AcceptPolicy.EXCLUSIVE);
    Random random = new Random(Seeds.seed("noticesAPageThatIsLost"));
    AssertionError found = assertThrows(AssertionError.class, () -> soak.run(random, true));
    assertTrue(found.getMessage().contains("was lost"), found.getMessage());
  }

  private static final class Soak {
    private final VirtualMachine vm;
    private final TrustDomainHost host;
    private final TrustDomainVcpu[] vcpus = new TrustDomainVcpu[2];
    private final long[] written = new long[(int) MEMORY.pages()];
    private volatile boolean hostIsDone;

    Soak(AcceptPolicy policy) {
      vm =
          VirtualMachine.builder()
              .geometry(new Geometry(3, 2))
              .maxTables(128)
              .trustDomain(
                  TrustDomainOptions.DEFAULT.withAcceptPolicy(policy).withHostPages(MEMORY.pages()))
              .build();
      host = vm.trustDomain();
      vm.addSlot(MEMORY, PageLevel.LEVEL_1G);
      host.convertToPrivate(MEMORY);
      for (int i = 0; i < vcpus.length; i++) {
        vcpus[i] = (TrustDomainVcpu) vm.newVcpu();
      }
      host.finalizeBuild();
      for (long gfn = 0; gfn < MEMORY.end(); gfn += 4) {
        assertEquals(0, TdMachine.accept(vcpus[0], gfn, PageLevel.LEVEL_2M));
      }
    }

    void run(Random random, boolean takesOthers) {
      BooleanSupplier isTime = Crew.forMillis(MILLIS);
      try (PromotionScanner scanner = host.newPromotionScanner(1, 1)) {
        do {
          round(random, scanner, takesOthers);
          checkAtRest(scanner);
        } while (isTime.getAsBoolean());
      }
    }

    private void round(Random random, PromotionScanner scanner, boolean takesOthers) {
      Crew crew = new Crew();
      hostIsDone = false;
      for (int id = 0; id < vcpus.length; id++) {
        int guest = id;
        Random own = new Random(random.nextLong());
        crew.start(
            () -> {
              for (int i = 0; i < CHANGES || !hostIsDone && !crew.hasFailed(); i++) {
                use(guest, own);
              }
            });
      }
      Random own = new Random(random.nextLong());
      crew.start(
          () -> {
            try {
              for (int change = 0; change < CHANGES; change++) {
                convertAndBack(own, takesOthers);
              }
            } finally {
              hostIsDone = true;
            }
          });
      crew.start(
          () -> {
            while (!hostIsDone && !crew.hasFailed()) {
              int unused = scanner.scanOnce();
            }
          });
      crew.join();
    }

    private void convertAndBack(Random random, boolean takesOthers) {
      int page = takesOthers ? 0 : CONVERTED.get(random.nextInt(CONVERTED.size()));
      GfnRange range = GfnRange.ofPages(page + GIG * random.nextInt(2), 1);
      host.convertToShared(range);
      host.convertToPrivate(range);
    }

    /** A vCPU uses a page of its own: every second one. */
    private void use(int guest, Random random) {
      int page = 2 * random.nextInt((int) MEMORY.pages() / 2) + guest;
      if (CONVERTED.contains(page % GIG)) {
        acceptAgain(vcpus[guest], page);
        return;
      }
      check(guest, page);
      written[page] = random.nextLong();
      VcpuExit exit = vcpus[guest].store(TdMachine.gpa(page), written[page]);
      assertEquals(VcpuExit.NONE, exit, () -> "page " + page + " was lost");
    }

    private static void acceptAgain(TrustDomainVcpu vcpu, int page) {
      long unused = vcpu.load(TdMachine.gpa(page));
      if (vcpu.exit() == VcpuExit.UNACCEPTED) {
        unused = TdMachine.accept(vcpu, page, PageLevel.LEVEL_4K);
        if (vcpu.exit() == VcpuExit.ENDLESS_VIOLATION) { // IGNORE: it was faulted in as 2M
          unused = TdMachine.accept(vcpu, page & -4, PageLevel.LEVEL_2M);
        }
      }
    }

    private void check(int guest, int page) {
      long found = vcpus[guest].load(TdMachine.gpa(page));
      VcpuExit exit = vcpus[guest].exit();
      if (exit != VcpuExit.NONE || found != written[page]) {
        throw new AssertionError(
            String.format("page %d: %x was lost, it has %x, %s", page, written[page], found, exit));
      }
    }

    private void checkAtRest(PromotionScanner scanner) {
      for (int page = 0; page < MEMORY.pages(); page++) {
        if (CONVERTED.contains(page % GIG)) {
          acceptAgain(vcpus[0], page);
        } else {
          check(page & 1, page);
        }
      }
      int unused = scanner.scanOnce() + scanner.scanOnce(); // the first may begin in the middle
      assertNull(vm.mmu().health().evidence());
      assertEquals(List.of(), vm.audit());
      assertEquals(2, vm.mapped(PageLevel.LEVEL_1G));
      for (TrustDomainVcpu vcpu : vcpus) {
        assertEquals(0, vcpu.staleUses());
      }
    }
  }
}
