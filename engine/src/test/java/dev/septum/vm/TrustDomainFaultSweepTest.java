package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.Crew;
import dev.septum.memory.MemorySlot;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import dev.septum.td.PromotionScanner;
import dev.septum.vm.FaultSweep.Promise;
import dev.septum.vm.FaultSweep.Scenario;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a host and a guest do in a trust domain, with each lock of the module held, each call
 * interrupted, each vCPU late, each allocation refused, each table missing, and interrupted
 * anywhere: no accepted page is lost.
 */
@Timeout(600)
final class TrustDomainFaultSweepTest {
  private static final GfnRange MEMORY = SweptMachine.MEMORY;
  private static final GfnRange FIRST_1G = GfnRange.ofPages(0, 16);

  /** The tail of a page of 2M and the head of the next. */
  private static final GfnRange RANGE = new GfnRange(3, 6);

  private static final long GFN = 21;

  /** Where faults strike, as it is printed. */
  private static final String POINTS =
      """
      a page of the build: BUSY 12, MEMORY 1, THREAD 18, HELD 1, tables 2
      the build's end: BUSY 1, THREAD 4, HELD 1
      a vCPU made: none
      a private fault at 4K: BUSY 23, MEMORY 1, THREAD 29, HELD 1, tables 2
      a private fault at 2M: BUSY 18, MEMORY 1, THREAD 23, HELD 1, tables 1
      a prefault of private memory: BUSY 25, MEMORY 4, THREAD 42, HELD 4, tables 1
      a shared fault: BUSY 8, MEMORY 1, THREAD 11, HELD 1, tables 2
      a slot added: THREAD 8, HELD 4
      a conversion under a running vCPU: BUSY 59, LATE_VCPU 3, THREAD 91, HELD 8, tables 2
      an ACCEPT of 2M, IGNORE: BUSY 19, INTERRUPT 3, MEMORY 1, THREAD 28, HELD 1, tables 1
      an ACCEPT of 4K below 2M, IGNORE: BUSY 256, THREAD 384, HELD 64
      a demotion of 1G, IGNORE: BUSY 39, LATE_VCPU 3, THREAD 65, HELD 7, tables 2
      a promotion to 2M, IGNORE: BUSY 91, INTERRUPT 8, LATE_VCPU 1, THREAD 118, HELD 1
      a promotion to 1G, IGNORE: BUSY 65, INTERRUPT 5, LATE_VCPU 2, THREAD 85, HELD 1
      a scanner's pass, IGNORE: BUSY 162, INTERRUPT 10, LATE_VCPU 4, THREAD 214, HELD 4
      a conversion to shared, IGNORE: BUSY 59, LATE_VCPU 3, THREAD 91, HELD 8, tables 2
      a conversion to private, IGNORE: THREAD 10, HELD 4
      a hole, IGNORE: BUSY 59, LATE_VCPU 3, THREAD 89, HELD 7, tables 2
      a zap, IGNORE: BUSY 59, LATE_VCPU 3, THREAD 89, HELD 7, tables 2
      a slot deleted, IGNORE: BUSY 107, LATE_VCPU 1, THREAD 135, HELD 4
      the end, IGNORE: BUSY 25, THREAD 27, HELD 1
      an ACCEPT of 2M, EXCLUSIVE: BUSY 19, INTERRUPT 3, MEMORY 1, THREAD 28, HELD 1, tables 1
      an ACCEPT of 4K below 2M, EXCLUSIVE: BUSY 22, LATE_VCPU 1, THREAD 32, HELD 3, tables 1
      a demotion of 1G, EXCLUSIVE: BUSY 39, LATE_VCPU 3, THREAD 65, HELD 7, tables 2
      a promotion to 2M, EXCLUSIVE: BUSY 123, INTERRUPT 8, LATE_VCPU 1, THREAD 158, HELD 1
      a promotion to 1G, EXCLUSIVE: BUSY 81, INTERRUPT 5, LATE_VCPU 2, THREAD 105, HELD 1
      a scanner's pass, EXCLUSIVE: BUSY 162, INTERRUPT 10, LATE_VCPU 4, THREAD 214, HELD 4
      a conversion to shared, EXCLUSIVE: BUSY 59, LATE_VCPU 3, THREAD 91, HELD 8, tables 2
      a conversion to private, EXCLUSIVE: THREAD 10, HELD 4
      a hole, EXCLUSIVE: BUSY 59, LATE_VCPU 3, THREAD 89, HELD 7, tables 2
      a zap, EXCLUSIVE: BUSY 59, LATE_VCPU 3, THREAD 89, HELD 7, tables 2
      a slot deleted, EXCLUSIVE: BUSY 107, LATE_VCPU 1, THREAD 135, HELD 4
      the end, EXCLUSIVE: BUSY 25, THREAD 27, HELD 1
      an ACCEPT of 2M, SHARED: BUSY 19, INTERRUPT 3, MEMORY 1, THREAD 28, HELD 1, tables 1
      an ACCEPT of 4K below 2M, SHARED: BUSY 15, THREAD 19, HELD 1, tables 1
      a demotion of 1G, SHARED: BUSY 25, LATE_VCPU 1, THREAD 47, HELD 7, tables 2
      a promotion to 2M, SHARED: BUSY 91, INTERRUPT 8, LATE_VCPU 1, THREAD 118, HELD 1
      a promotion to 1G, SHARED: BUSY 65, INTERRUPT 5, LATE_VCPU 2, THREAD 85, HELD 1
      a scanner's pass, SHARED: BUSY 162, INTERRUPT 10, LATE_VCPU 4, THREAD 214, HELD 4
      a conversion to shared, SHARED: BUSY 45, LATE_VCPU 1, THREAD 73, HELD 8, tables 2
      a conversion to private, SHARED: THREAD 10, HELD 4
      a hole, SHARED: BUSY 45, LATE_VCPU 1, THREAD 71, HELD 7, tables 2
      a zap, SHARED: BUSY 45, LATE_VCPU 1, THREAD 71, HELD 7, tables 2
      a slot deleted, SHARED: BUSY 107, LATE_VCPU 1, THREAD 135, HELD 4
      the end, SHARED: BUSY 25, THREAD 27, HELD 1
      """;

  private static Stream<Scenario> scenarios() {
    return Stream.concat(
        Stream.of(
            scenario(
                "a page of the build",
                TrustDomainFaultSweepTest::unbuilt,
                machine -> {
                  machine.host().addPage(GFN, 77);
                  return machine.host().missingPages();
                }),
            scenario(
                "the build's end",
                fault -> {
                  SweptMachine machine = unbuilt(fault);
                  machine.host().addPage(GFN, 77);
                  return machine;
                },
                machine -> {
                  machine.host().finalizeBuild();
                  return machine.host().td().opState();
                }),
            scenario(
                "a vCPU made",
                TrustDomainFaultSweepTest::unbuilt,
                machine -> {
                  machine.withVcpu();
                  return machine.vcpus.size();
                }),
            scenario(
                "a private fault at 4K",
                fault -> running(fault, PageLevel.LEVEL_4K, AcceptPolicy.EXCLUSIVE),
                machine -> machine.access(GFN, Access.WRITE)),
            scenario(
                "a private fault at 2M",
                fault -> running(fault, PageLevel.LEVEL_2M, AcceptPolicy.EXCLUSIVE),
                machine -> machine.access(GFN, Access.WRITE)),
            scenario(
                "a prefault of private memory",
                fault -> running(fault, PageLevel.LEVEL_2M, AcceptPolicy.EXCLUSIVE),
                machine -> machine.vm.prefault(FIRST_1G)),
            scenario(
                "a shared fault",
                fault -> {
                  SweptMachine machine = running(fault, PageLevel.LEVEL_4K, AcceptPolicy.EXCLUSIVE);
                  machine.host().convertToShared(FIRST_1G);
                  return machine;
                },
                machine ->
                    machine
                        .vcpu()
                        .access(SweptMachine.gpa(1) | machine.host().sharedBit(), Access.WRITE)),
            scenario(
                "a slot added",
                fault ->
                    SweptMachine.trustDomain(fault, TrustDomainOptions.DEFAULT)
                        .with(FIRST_1G, PageLevel.LEVEL_2M),
                machine -> {
                  GfnRange second = GfnRange.ofPages(16, 16);
                  if (machine.vm.slots().find(16) == null) {
                    machine.with(second, PageLevel.LEVEL_1G);
                  }
                  machine.host().convertToPrivate(second);
                  return machine.vm.slots().all().size();
                }),
            scenario(
                "a conversion under a running vCPU",
                fault -> {
                  SweptMachine machine =
                      accepted(fault, PageLevel.LEVEL_2M, AcceptPolicy.EXCLUSIVE);
                  fault.spareRetriesOf(machine.host());
                  return machine.withVcpu();
                },
                machine -> {
                  Running other = new Running(machine.vcpus.get(1), MEMORY.end() - 1);
                  try {
                    return machine.host().convertToShared(RANGE);
                  } finally {
                    other.stop();
                  }
                })),
        Stream.of(AcceptPolicy.values()).flatMap(TrustDomainFaultSweepTest::scenarios));
  }

  private static Stream<Scenario> scenarios(AcceptPolicy policy) {
    return Stream.of(
        scenario(
            "an ACCEPT of 2M, " + policy,
            fault -> running(fault, PageLevel.LEVEL_2M, policy),
            machine -> machine.accept(20, PageLevel.LEVEL_2M)),
        scenario(
            "an ACCEPT of 4K below 2M, " + policy,
            fault -> {
              SweptMachine machine = running(fault, PageLevel.LEVEL_2M, policy);
              Object unused = machine.access(GFN, Access.WRITE);
              return machine;
            },
            machine -> machine.accept(GFN, PageLevel.LEVEL_4K)),
        scenario(
            "a demotion of 1G, " + policy,
            fault -> promoted(fault, policy),
            machine -> machine.host().convertToShared(GfnRange.ofPages(5, 1))),
        new Scenario(
            "a promotion to 2M, " + policy,
            Promise.BEST_EFFORT,
            fault -> accepted(fault, PageLevel.LEVEL_4K, policy),
            machine -> machine.host().promote(MEMORY, PageLevel.LEVEL_2M)),
        new Scenario(
            "a promotion to 1G, " + policy,
            Promise.BEST_EFFORT,
            fault -> accepted(fault, PageLevel.LEVEL_4K, policy),
            machine -> machine.host().promote(FIRST_1G, PageLevel.LEVEL_1G)),
        new Scenario(
            "a scanner's pass, " + policy,
            Promise.BEST_EFFORT,
            fault -> accepted(fault, PageLevel.LEVEL_4K, policy),
            machine -> {
              try (PromotionScanner scanner = machine.host().newPromotionScanner(1, 1)) {
                return scanner.scanOnce();
              }
            }),
        scenario(
            "a conversion to shared, " + policy,
            fault -> accepted(fault, PageLevel.LEVEL_2M, policy),
            machine -> machine.host().convertToShared(RANGE)),
        scenario(
            "a conversion to private, " + policy,
            fault -> {
              SweptMachine machine = accepted(fault, PageLevel.LEVEL_2M, policy);
              machine.host().convertToShared(RANGE);
              Object unused =
                  machine
                      .vcpu()
                      .access(SweptMachine.gpa(4) | machine.host().sharedBit(), Access.WRITE);
              return machine;
            },
            machine -> machine.host().convertToPrivate(RANGE)),
        scenario(
            "a hole, " + policy,
            fault -> accepted(fault, PageLevel.LEVEL_2M, policy),
            machine -> machine.host().punchHole(RANGE)),
        scenario(
            "a zap, " + policy,
            fault -> accepted(fault, PageLevel.LEVEL_2M, policy),
            machine -> machine.vm.zap(RANGE)),
        scenario(
            "a slot deleted, " + policy,
            fault -> accepted(fault, PageLevel.LEVEL_2M, policy),
            machine -> {
              machine.vm.deleteSlot(machine.vm.slots().all().get(0));
              return machine.vm.slots().all();
            }),
        scenario(
            "the end, " + policy,
            fault -> accepted(fault, PageLevel.LEVEL_2M, policy),
            machine -> {
              machine.vm.close();
              return "closed";
            }));
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void whateverGoesWrongNoAcceptedPageIsLost(Scenario scenario) {
    FaultSweep.sweep(scenario.expecting(POINTS));
  }

  @Test
  void withoutAFrameOfTheHostNothingIsAdded() {
    SweptMachine machine = unbuilt(new OneFault());
    while (machine.vcpus.size() < TrustDomainParts.MOST_VCPUS) {
      machine.withVcpu();
    }
    assertFailsWithoutATrace(machine, machine::withVcpu);
    MemorySlot slot = machine.vm.slots().all().get(0);
    for (int left = SweptMachine.HOST_PAGES / (int) MEMORY.pages(); left > 1; left--) {
      machine.vm.deleteSlot(slot);
      slot = machine.vm.addSlot(MEMORY, PageLevel.LEVEL_2M);
    }
    machine.vm.deleteSlot(slot);
    assertFailsWithoutATrace(machine, () -> machine.vm.addSlot(FIRST_1G, PageLevel.LEVEL_2M));
    machine.end();
  }

  private static void assertFailsWithoutATrace(SweptMachine machine, Executable operation) {
    String shape = machine.shape();
    assertThrows(IllegalStateException.class, operation);
    assertEquals(shape, machine.shape());
    machine.assertSound();
  }

  private static Scenario scenario(
      String name,
      Function<OneFault, SweptMachine> prepared,
      Function<SweptMachine, Object> operation) {
    return new Scenario(name, Promise.ALL_OR_NOTHING, prepared, operation);
  }

  private static SweptMachine unbuilt(OneFault fault) {
    SweptMachine machine =
        SweptMachine.trustDomain(fault, TrustDomainOptions.DEFAULT)
            .with(MEMORY, PageLevel.LEVEL_2M)
            .withVcpu();
    machine.host().convertToPrivate(MEMORY);
    return machine;
  }

  private static SweptMachine running(OneFault fault, PageLevel backing, AcceptPolicy policy) {
    TrustDomainOptions options = TrustDomainOptions.DEFAULT.withAcceptPolicy(policy);
    return SweptMachine.trustDomain(fault, options).with(MEMORY, backing).running();
  }

  /** All accepted, in pages of a level, with a stamp in each. */
  private static SweptMachine accepted(OneFault fault, PageLevel level, AcceptPolicy policy) {
    return running(fault, PageLevel.LEVEL_1G, policy).accepted(MEMORY, level);
  }

  private static SweptMachine promoted(OneFault fault, AcceptPolicy policy) {
    SweptMachine machine = accepted(fault, PageLevel.LEVEL_2M, policy);
    long unused = machine.host().promote(MEMORY, PageLevel.LEVEL_1G);
    return machine;
  }

  /** A vCPU that is in the guest nearly always, until it is stopped. */
  private static final class Running {
    private final Crew crew = new Crew();
    private volatile boolean ends;

    Running(Vcpu vcpu, long gfn) {
      long[] accesses = new long[64];
      Arrays.fill(accesses, GuestAccess.of(SweptMachine.gpa(gfn), Access.READ));
      crew.start(
          () -> {
            while (!ends) {
              int unused = vcpu.run(accesses, 0, accesses.length);
            }
          });
    }

    void stop() {
      ends = true;
      crew.join();
    }
  }
}
