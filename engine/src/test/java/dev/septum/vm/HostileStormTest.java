package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.SpinWait;
import dev.septum.td.AcceptPolicy;
import dev.septum.td.PromotionScanner;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A guest that does whatever it can: ACCEPTs of any page at any level, touches of any address,
 * private and shared, in its memory and beyond, one after the other and in batches, while its host
 * converts, punches holes and promotes. Nothing is thrown, nothing hangs, the heap does not grow,
 * and the machine is sound. {@code -Dseptum.storm.operations=N} says how many operations, all
 * storms together.
 */
@Timeout(value = 24, unit = TimeUnit.HOURS)
final class HostileStormTest {
  private static final long OPERATIONS = Long.getLong("septum.storm.operations", 1_000_000);

  /** Each policy with a tree of each kind; in the small one all is soon whole, and promoted. */
  private static final int STORMS = 6;

  /** Then another takes its place: what is torn and inhibited is never all whole again. */
  private static final long MACHINE_LIFE = 5_000;

  private static final int GUESTS = 2;
  private static final int BLOCKS = 4;

  /** Operations for each change by the host. */
  private static final int CHANGE_EVERY = 100;

  /** Changes that the host may owe; then the guests wait, lest they be done before it begins. */
  private static final int MOST_OWED = 10;

  private static final int BATCH = 16;
  private static final long MOST_GROWTH = 32L << 20;
  private static final PageLevel[] LEVELS = PageLevel.values();
  private static final Access[] ACCESSES = Access.values();

  @ParameterizedTest(name = "{0}, {1} levels of {2} bits")
  @CsvSource({
    "IGNORE, 4, 9",
    "EXCLUSIVE, 4, 9",
    "SHARED, 4, 9",
    "IGNORE, 3, 2",
    "EXCLUSIVE, 3, 2",
    "SHARED, 3, 2"
  })
  void nothingThatAGuestDoesHarmsItsHost(AcceptPolicy policy, int levels, int bits)
      throws InterruptedException {
    String name = policy + ", " + levels + " levels of " + bits + " bits";
    SplittableRandom random = new SplittableRandom(Seeds.seed(name));
    Geometry geometry = new Geometry(levels, bits);
    long each = OPERATIONS / STORMS + 1;
    Map<GuestAnomalies.Kind, Long> anomalies = new EnumMap<>(GuestAnomalies.Kind.class);
    long done = 0;
    long changes = 0;
    long promotions = 0;
    long before = 0;
    long start = System.nanoTime();
    while (done < each) {
      Storm storm = new Storm(policy, geometry, random.split());
      storm.blow(Math.min(MACHINE_LIFE, each - done));
      storm.end();
      if (before == 0) {
        before = usedHeap();
      }
      done += storm.done.get();
      changes += storm.changes.get();
      promotions += storm.host.promotions();
      storm.host.anomalies().counts().forEach((kind, n) -> anomalies.merge(kind, n, Long::sum));
    }
    long nanos = System.nanoTime() - start;
    long growth = usedHeap() - before;
    System.out.printf(
        "%s: %,d operations, %d ns each; heap %+d KiB; %,d changes by the host, %,d promotions, %s%n",
        name, done, nanos / done, growth >> 10, changes, promotions, anomalies);
    assertTrue(changes > 0);
    assertTrue(growth < MOST_GROWTH, "the heap has grown by " + growth);
  }

  /** The broken variant: a host whose guest could block one of its entries. */
  @Test
  void noticesAMachineThatIsHarmed() throws InterruptedException {
    SplittableRandom random = new SplittableRandom(Seeds.seed("noticesAMachineThatIsHarmed"));
    Storm storm = new Storm(AcceptPolicy.EXCLUSIVE, Geometry.FOUR_LEVEL, random);
    storm.blow(1_000);
    GfnRange memory = storm.memory;
    long unused = storm.host.convertToShared(memory) + storm.host.convertToPrivate(memory);
    assertEquals(0, TdMachine.accept(storm.vcpus.get(0), memory.start(), PageLevel.LEVEL_4K));
    SeamcallRegisters call = new SeamcallRegisters();
    long gpa = TdMachine.gpa(memory.start());
    TdxModule module = storm.host.module();
    assertEquals(0, module.seamcall(call, TdxLeaf.MEM_RANGE_BLOCK, 0, gpa, storm.host.td(), 0));
    assertThrows(AssertionError.class, storm::end);
  }

  private static long usedHeap() {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  private static final class Storm {
    final VirtualMachine vm;
    final TrustDomainHost host;
    final GfnRange memory;
    final List<TrustDomainVcpu> vcpus = new ArrayList<>();
    final SplittableRandom random;
    final AtomicLong done = new AtomicLong();
    final AtomicLong changes = new AtomicLong();
    private final Geometry geometry;
    private final long blockPages;

    Storm(AcceptPolicy policy, Geometry geometry, SplittableRandom random) {
      this.geometry = geometry;
      this.random = random;
      blockPages = geometry.pages(PageLevel.PG_2M);
      memory = GfnRange.ofPages(2 * blockPages, BLOCKS * blockPages);
      TrustDomainOptions options =
          TrustDomainOptions.DEFAULT
              .withAcceptPolicy(policy)
              .withSeptVeDisable(random.nextBoolean())
              .withHostPages(1 << 14);
      vm = VirtualMachine.builder().geometry(geometry).maxTables(4096).trustDomain(options).build();
      host = vm.trustDomain();
      vm.addSlot(memory, PageLevel.LEVEL_1G);
      long unused = host.convertToPrivate(memory);
      for (int i = 0; i < GUESTS; i++) {
        vcpus.add((TrustDomainVcpu) vm.newVcpu());
      }
      host.finalizeBuild();
    }

    void blow(long operations) throws InterruptedException {
      long end = done.get() + operations;
      Crew crew = new Crew();
      for (TrustDomainVcpu vcpu : vcpus) {
        SplittableRandom own = random.split();
        crew.start(
            () -> {
              int tries = 0;
              while (done.get() < end && !crew.hasFailed()) {
                if (isHostFarBehind()) {
                  SpinWait.pause(tries++);
                } else {
                  tries = 0;
                  done.addAndGet(attack(vcpu, own));
                }
              }
            });
      }
      SplittableRandom own = random.split();
      crew.start(
          () -> {
            try (PromotionScanner scanner = host.newPromotionScanner(1, 1)) {
              while (done.get() < end && !crew.hasFailed()) {
                for (int tries = 0;
                    done.get() < Math.min(end, changes.get() * CHANGE_EVERY) && !crew.hasFailed();
                    tries++) {
                  SpinWait.pause(tries);
                }
                change(own);
                int unused = scanner.step(BLOCKS);
                changes.incrementAndGet();
              }
            }
          });
      crew.joinHoweverLong();
    }

    private boolean isHostFarBehind() {
      return done.get() >= (changes.get() + MOST_OWED) * CHANGE_EVERY;
    }

    private void change(SplittableRandom own) {
      long from = memory.start() + own.nextLong(memory.pages());
      GfnRange part = GfnRange.ofPages(from, 1 + own.nextLong(memory.end() - from));
      GfnRange block = GfnRange.ofPages(geometry.round(from, PageLevel.PG_2M), blockPages);
      GfnRange range = own.nextBoolean() ? part : block;
      long unused =
          switch (own.nextInt(6)) {
            case 0 -> host.punchHole(range);
            case 1 -> host.convertToShared(range);
            case 2 -> vm.zap(range);
            case 3 -> host.promote(memory, PageLevel.LEVEL_2M);
            case 4 -> host.promote(memory, PageLevel.LEVEL_1G);
            default -> host.convertToPrivate(memory);
          };
    }

    /** Returns how many operations it was. */
    private int attack(TrustDomainVcpu vcpu, SplittableRandom own) {
      long gpa = address(own);
      switch (own.nextInt(8)) {
        case 0, 1, 2 -> {
          long unused = vcpu.accept(gpa & -TdMachine.PAGE, LEVELS[own.nextInt(LEVELS.length)]);
        }
        case 3 -> acceptAligned(vcpu, gpa, own);
        case 4 -> {
          long unused = vcpu.load(gpa);
        }
        case 5 -> {
          VcpuExit unused = vcpu.store(gpa, own.nextLong());
        }
        case 6 -> {
          vcpu.takeVeInfo();
          VcpuExit unused = vcpu.access(gpa, ACCESSES[own.nextInt(ACCESSES.length)]);
        }
        default -> {
          long[] batch = new long[BATCH];
          for (int i = 0; i < BATCH; i++) {
            batch[i] = GuestAccess.of(address(own), ACCESSES[own.nextInt(ACCESSES.length)]);
          }
          return 1 + vcpu.run(batch, 0, BATCH);
        }
      }
      return 1;
    }

    /** What a sound guest would do too. */
    private void acceptAligned(TrustDomainVcpu vcpu, long gpa, SplittableRandom own) {
      PageLevel level = own.nextBoolean() ? PageLevel.LEVEL_4K : PageLevel.LEVEL_2M;
      long first = geometry.round(gpa >>> Geometry.PAGE_SHIFT, level.number());
      long unused = vcpu.accept(TdMachine.gpa(first), level);
    }

    /** Anywhere, or in its memory; of a page's first byte or not; private or shared. */
    private long address(SplittableRandom own) {
      if (own.nextInt(8) == 0) {
        return own.nextLong(TdMachine.gpa(geometry.gfnLimit()));
      }
      long near = TdMachine.gpa(memory.start()) + own.nextLong(TdMachine.gpa(memory.pages()));
      return own.nextInt(4) == 0 ? near | host.sharedBit() : near;
    }

    void end() {
      assertNull(vm.mmu().health().evidence());
      assertEquals(List.of(), vm.audit());
      for (TrustDomainVcpu vcpu : vcpus) {
        assertEquals(0, vcpu.staleUses());
      }
      vm.close();
      vm.mmu().tables().reclaim();
      assertEquals(0, vm.mmu().tables().live());
      assertEquals(List.of(), host.module().tds());
    }
  }
}
