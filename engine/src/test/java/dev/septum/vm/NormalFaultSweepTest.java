package dev.septum.vm;

import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.FaultSweep.Promise;
import dev.septum.vm.FaultSweep.Scenario;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a host and a guest do in a normal VM, with each table missing, and interrupted anywhere. */
@Timeout(300)
final class NormalFaultSweepTest {
  private static final GfnRange MEMORY = SweptMachine.MEMORY;

  /** In the middle of a page of 1G and of one of 2M. */
  private static final long GFN = 21;

  /** Where faults strike, as it is printed. */
  private static final String POINTS =
      """
      a fault at 4K: THREAD 2, HELD 1, tables 2
      a fault at 2M: THREAD 2, HELD 1, tables 1
      a fault at 1G: THREAD 2, HELD 1
      a split of 1G: THREAD 4, HELD 2, tables 10
      a merge to 1G: THREAD 3, HELD 1
      a prefault: THREAD 66, HELD 33, tables 8
      a zap: THREAD 4, HELD 1
      a trim: THREAD 3, HELD 1
      a slot added: none
      a slot deleted: THREAD 8, HELD 3
      a slot moved: THREAD 8, HELD 3
      large pages forbidden and permitted: THREAD 6, HELD 3
      a vCPU made: none
      the end: THREAD 2, HELD 1
      """;

  private static Stream<Scenario> scenarios() {
    return Stream.of(
        scenario("a fault at 4K", fault -> touched(fault, PageLevel.LEVEL_4K), write(GFN)),
        scenario("a fault at 2M", fault -> touched(fault, PageLevel.LEVEL_2M), write(GFN)),
        scenario("a fault at 1G", fault -> touched(fault, PageLevel.LEVEL_1G), write(GFN)),
        scenario(
            "a split of 1G",
            fault -> written(fault, PageLevel.LEVEL_1G),
            machine -> machine.vm.split(MEMORY, PageLevel.LEVEL_4K)),
        scenario(
            "a merge to 1G",
            NormalFaultSweepTest::split,
            machine -> machine.vm.merge(MEMORY, PageLevel.LEVEL_1G)),
        new Scenario(
            "a prefault",
            Promise.AS_FAR_AS_IT_COMES,
            fault -> touched(fault, PageLevel.LEVEL_4K),
            machine -> machine.vm.prefault(MEMORY)),
        scenario(
            "a zap",
            NormalFaultSweepTest::split,
            machine -> machine.vm.zap(new GfnRange(GFN - 6, GFN + 6))),
        scenario("a trim", NormalFaultSweepTest::zapped, machine -> machine.vm.trim(MEMORY)),
        scenario(
            "a slot added",
            fault -> SweptMachine.normal(fault).with(MEMORY, PageLevel.LEVEL_2M),
            machine -> {
              machine.vm.addSlot(GfnRange.ofPages(MEMORY.end(), 3), PageLevel.LEVEL_4K);
              return machine.vm.slots().all().size();
            }),
        scenario(
            "a slot deleted",
            fault -> written(fault, PageLevel.LEVEL_2M),
            machine -> {
              machine.vm.deleteSlot(machine.vm.slots().all().get(0));
              return machine.vm.slots().all();
            }),
        scenario(
            "a slot moved",
            fault -> written(fault, PageLevel.LEVEL_2M),
            machine ->
                machine.vm.moveSlot(machine.vm.slots().all().get(0), MEMORY.start() + 16).range()),
        scenario(
            "large pages forbidden and permitted",
            fault -> written(fault, PageLevel.LEVEL_2M),
            machine -> {
              machine.vm.forbidLargePage(GFN, PageLevel.LEVEL_2M);
              machine.vm.permitLargePage(GFN, PageLevel.LEVEL_2M);
              machine.vm.forbidLargePage(GFN, PageLevel.LEVEL_1G);
              return machine.vm.slots().all().get(0).limits().maxMappingLevel(GFN, 3);
            }),
        scenario(
            "a vCPU made",
            fault -> written(fault, PageLevel.LEVEL_2M),
            machine -> {
              machine.withVcpu();
              return machine.vcpus.size();
            }),
        scenario(
            "the end",
            fault -> written(fault, PageLevel.LEVEL_2M),
            machine -> {
              machine.vm.close();
              return "closed";
            }));
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void whateverGoesWrongNothingIsLost(Scenario scenario) {
    FaultSweep.sweep(scenario.expecting(POINTS));
  }

  private static Scenario scenario(
      String name,
      Function<OneFault, SweptMachine> prepared,
      Function<SweptMachine, Object> operation) {
    return new Scenario(name, Promise.ALL_OR_NOTHING, prepared, operation);
  }

  private static Function<SweptMachine, Object> write(long gfn) {
    return machine -> machine.access(gfn, Access.WRITE);
  }

  /** A machine with a page that is mapped in the first block of 1G. */
  private static SweptMachine touched(OneFault fault, PageLevel backing) {
    SweptMachine machine = SweptMachine.normal(fault).with(MEMORY, backing);
    try (Vcpu other = machine.vm.newVcpu()) { // and takes with it what tables it keeps
      VcpuExit unused = other.access(SweptMachine.gpa(1), Access.READ);
    }
    return machine.withVcpu();
  }

  /** A machine all of whose memory is mapped, and some of it written. */
  private static SweptMachine written(OneFault fault, PageLevel backing) {
    SweptMachine machine = touched(fault, backing);
    machine.vm.prefault(MEMORY);
    Object unused = machine.access(GFN, Access.WRITE);
    return machine;
  }

  private static SweptMachine split(OneFault fault) {
    SweptMachine machine = touched(fault, PageLevel.LEVEL_1G);
    machine.vm.prefault(MEMORY);
    machine.vm.split(MEMORY, PageLevel.LEVEL_4K);
    Object unused = machine.access(GFN, Access.WRITE);
    return machine;
  }

  private static SweptMachine zapped(OneFault fault) {
    SweptMachine machine = split(fault);
    machine.vm.zap(GfnRange.ofPages(16, 10));
    return machine;
  }
}
