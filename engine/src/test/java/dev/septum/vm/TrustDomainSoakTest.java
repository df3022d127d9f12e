package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import dev.septum.memory.AllocationFaults;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.td.PromotionScanner;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxLock;
import dev.septum.vm.GuestAnomalies.Kind;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One TD's vCPUs accept, write and read while a host converts ranges to shared and back, punches
 * holes and promotes, on request and by a scanner, and locks are held now and then: no page that
 * was neither converted nor punched loses what was written to it, no translation is used that was
 * taken away, and all is given back.
 */
@Timeout(180)
final class TrustDomainSoakTest {
  private static final long MILLIS = Long.getLong("septum.soak.millis", 100);

  /** How long the broken variant may go unnoticed: on a busy machine the host is soon through. */
  private static final long MOST_MILLIS = 60_000;

  private static final int BLOCKS = 6;
  private static final int PAGES = BLOCKS * TdMachine.BLOCK_PAGES;
  private static final int MOST_CHANGED = 1024;
  private static final int CHANGES = 8;
  private static final int LEAST_STEPS = 60;
  private static final int BUSY_ONE_IN = 256;

  /** How a guest comes to its memory. */
  private enum GuestKind {
    /** Touches, and accepts 2M then, or else 4K; one thread at a time in a block. */
    LINUX(true, Kind.UNACCEPTED_TOUCH) {
      @Override
      void accept(Guest guest, long gfn) {
        synchronized (guest.soak.blocks[(int) (gfn >>> 9) % BLOCKS]) {
          long status = guest.accept(gfn, PageLevel.LEVEL_2M);
          if (status != SeamcallStatus.SUCCESS) {
            guest.accept(gfn, PageLevel.LEVEL_4K);
          }
        }
      }
    },
    /** Accepts the page that a #VE is about, at 4K; at 2M if that leads nowhere. */
    ON_VE(false, Kind.MIXED_LEVEL_ACCEPT) {
      @Override
      void accept(Guest guest, long gfn) {
        guest.accept(gfn, PageLevel.LEVEL_4K);
        if (guest.vcpu.exit() == VcpuExit.ENDLESS_VIOLATION) {
          guest.accept(gfn, PageLevel.LEVEL_2M);
        }
      }
    },
    /** Accepts whatever it meets, at any level, accepted or not. */
    RECKLESS(true, Kind.DOUBLE_ACCEPT) {
      @Override
      void accept(Guest guest, long gfn) {
        guest.accept(gfn, guest.random.nextBoolean() ? PageLevel.LEVEL_2M : PageLevel.LEVEL_4K);
      }
    };

    final boolean septVeDisable;
    final Kind surely;

    GuestKind(boolean septVeDisable, Kind surely) {
      this.septVeDisable = septVeDisable;
      this.surely = surely;
    }

    abstract void accept(Guest guest, long gfn);
  }

  /** Contention, but where every vCPU was brought out so that there is none. */
  private static final class Contention implements TdxFaults {
    volatile BooleanSupplier isPromisedFree = () -> true;

    @Override
    public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
      return ThreadLocalRandom.current().nextInt(BUSY_ONE_IN) == 0
          && !isPromisedFree.getAsBoolean();
    }
  }

  private static Stream<Arguments> soaks() {
    return Stream.of(GuestKind.values())
        .flatMap(
            kind ->
                Stream.of(AcceptPolicy.values())
                    .flatMap(
                        policy ->
                            Stream.of(2, 4, 8).map(vcpus -> Arguments.of(kind, policy, vcpus))));
  }

  @ParameterizedTest(name = "{0}, {1}, {2} vCPUs")
  @MethodSource("soaks")
  void nothingIsLostAndNothingStaleIsUsed(GuestKind kind, AcceptPolicy policy, int vcpus) {
    Soak soak = new Soak(kind, policy, vcpus, true);
    soak.run(Seeds.seed("TrustDomainSoakTest"), MILLIS);
    GuestAnomalies anomalies = soak.td.host().anomalies();
    assertTrue(anomalies.count(kind.surely) > 0, anomalies.counts().toString());
    soak.td.closeAndCheckAllIsGivenBack();
  }

  /** The broken variant: a host that punches holes of which the checker is not told. */
  @Test
  void noticesPagesThatAreLost() {
    Soak soak = new Soak(GuestKind.LINUX, AcceptPolicy.EXCLUSIVE, 2, false);
    AssertionError found =
        assertThrows(
            AssertionError.class,
            () -> soak.run(Seeds.seed("noticesPagesThatAreLost"), MOST_MILLIS));
    assertTrue(found.getMessage().contains("was lost"), found.getMessage());
  }

  private static final class Soak {
    final GuestKind kind;
    final boolean tells;
    final TdMachine td;
    final Guest[] guests;
    final Object[] blocks = IntStream.range(0, BLOCKS).mapToObj(i -> new Object()).toArray();

    /** For each page how often its content was ended; odd while it is being ended. */
    final AtomicIntegerArray ended = new AtomicIntegerArray(PAGES);

    private volatile boolean hostIsDone;

    Soak(GuestKind kind, AcceptPolicy policy, int vcpus, boolean tells) {
      this.kind = kind;
      this.tells = tells;
      Contention contention = new Contention();
      TrustDomainOptions options =
          TrustDomainOptions.DEFAULT
              .withAcceptPolicy(policy)
              .withSeptVeDisable(kind.septVeDisable)
              .withFaults(contention, AllocationFaults.NONE);
      td = new TdMachine(options, vcpus, BLOCKS, 1024);
      contention.isPromisedFree = td.host().gate()::isClosed;
      guests = new Guest[vcpus];
      for (int i = 0; i < vcpus; i++) {
        guests[i] = new Guest(this, i, td.vcpus.get(i));
      }
    }

    /** Rounds, with a look at everything at rest behind each. */
    void run(long seed, long millis) {
      Random random = new Random(seed);
      BooleanSupplier isTime = Crew.forMillis(millis);
      do {
        Crew crew = new Crew();
        hostIsDone = false;
        for (Guest guest : guests) {
          guest.random.setSeed(random.nextLong());
          crew.start(() -> guest.run(() -> !hostIsDone && !crew.hasFailed()));
        }
        long hostSeed = random.nextLong();
        crew.start(
            () -> {
              try {
                changeMemory(new Random(hostSeed));
              } finally {
                hostIsDone = true;
              }
            });
        crew.start(
            () -> {
              try (PromotionScanner scanner = td.host().newPromotionScanner(1, 1)) {
                while (!hostIsDone && !crew.hasFailed()) {
                  int unused = scanner.step(1);
                }
              }
            });
        crew.join();
        checkAtRest();
      } while (isTime.getAsBoolean());
    }

    private void changeMemory(Random random) {
      for (int i = 0; i < CHANGES; i++) {
        int from = random.nextInt(PAGES);
        int pages = 1 + random.nextInt(Math.min(MOST_CHANGED, PAGES - from));
        GfnRange range = GfnRange.ofPages(TdMachine.GFN + from, pages);
        switch (random.nextInt(3)) {
          case 0 -> end(range, () -> td.host().punchHole(range));
          case 1 -> {
            end(range, () -> td.host().convertToShared(range));
            td.host().convertToPrivate(range);
          }
          default -> td.host().promote(td.memory, PageLevel.LEVEL_2M);
        }
      }
    }

    private void end(GfnRange range, Runnable how) {
      count(range);
      how.run();
      count(range);
    }

    private void count(GfnRange range) {
      for (long gfn = range.start(); tells && gfn < range.end(); gfn++) {
        ended.incrementAndGet((int) (gfn - TdMachine.GFN));
      }
    }

    void checkAtRest() {
      assertNull(td.vm.mmu().health().evidence());
      td.assertSound();
      for (Guest guest : guests) {
        guest.checkAll();
        assertEquals(0, guest.vcpu.staleUses());
      }
      td.assertSound();
    }
  }

  /** One vCPU, and what it has written to the pages that are its own: every n-th. */
  private static final class Guest {
    private static final int UNKNOWN = -1;

    final Soak soak;
    final TrustDomainVcpu vcpu;
    final Random random = new Random();
    private final int id;
    private final long[] written = new long[PAGES];

    /** The count of {@link Soak#ended} at which it was written, and stayed. */
    private final int[] writtenAt = new int[PAGES];

    private long lastStamp;

    Guest(Soak soak, int id, TrustDomainVcpu vcpu) {
      this.soak = soak;
      this.id = id;
      this.vcpu = vcpu;
      Arrays.fill(writtenAt, UNKNOWN);
    }

    void run(BooleanSupplier goesOn) {
      int vcpus = soak.td.vcpus.size();
      for (int step = 0; step < LEAST_STEPS || goesOn.getAsBoolean(); step++) {
        int page = random.nextInt(PAGES / vcpus) * vcpus + id;
        if (random.nextInt(4) == 0 && soak.kind == GuestKind.RECKLESS) {
          soak.kind.accept(this, TdMachine.GFN + page);
        }
        if (random.nextBoolean()) {
          check(page);
        } else if (!write(page)) {
          write(page);
        }
      }
    }

    long accept(long gfn, PageLevel level) {
      long first = level == PageLevel.LEVEL_2M ? gfn & -TdMachine.BLOCK_PAGES : gfn;
      return TdMachine.accept(vcpu, first, level);
    }

    private boolean write(int page) {
      int before = soak.ended.get(page);
      long stamp = ++lastStamp * PAGES + page;
      VcpuExit exit = vcpu.store(TdMachine.gpa(TdMachine.GFN + page), stamp);
      if (exit != VcpuExit.NONE) {
        settle(page, exit);
        return false;
      }
      written[page] = stamp;
      writtenAt[page] = (before & 1) == 0 && soak.ended.get(page) == before ? before : UNKNOWN;
      return true;
    }

    private void check(int page) {
      long found = vcpu.load(TdMachine.gpa(TdMachine.GFN + page));
      VcpuExit exit = vcpu.exit();
      if (exit != VcpuExit.NONE) {
        settle(page, exit);
      } else if (found != written[page]) {
        assertEnded(page, "holds " + found);
      }
    }

    /** The page cannot be used: it must have been ended, and then is accepted or used as shared. */
    private void settle(int page, VcpuExit exit) {
      assertEnded(page, exit.name());
      long gfn = TdMachine.GFN + page;
      switch (exit) {
        case UNACCEPTED -> soak.kind.accept(this, gfn);
        case VIRTUALIZATION_EXCEPTION -> {
          vcpu.takeVeInfo();
          soak.kind.accept(this, gfn);
        }
        case MEMORY_FAULT ->
            vcpu.access(TdMachine.gpa(gfn) | soak.td.host().sharedBit(), Access.WRITE);
        default -> throw new AssertionError("page " + page + ": " + exit);
      }
    }

    private void assertEnded(int page, String instead) {
      if (writtenAt[page] != UNKNOWN && soak.ended.get(page) == writtenAt[page]) {
        throw new AssertionError(
            String.format("page %d: %d was lost, it %s", page, written[page], instead));
      }
      writtenAt[page] = UNKNOWN;
    }

    void checkAll() {
      for (int page = id; page < PAGES; page += soak.td.vcpus.size()) {
        if (writtenAt[page] != UNKNOWN) {
          check(page);
        }
      }
    }
  }
}
