package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.paging.TableArena;
import dev.septum.paging.TableArenaFullException;
import dev.septum.vm.FaultSweep.Promise;
import dev.septum.vm.FaultSweep.Scenario;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** A sweep is shown operations that are broken in one way each. */
final class FaultSweepTest {
  private static final GfnRange RANGE = new GfnRange(3, 6);

  private static SweptMachine accepted(OneFault fault) {
    return SweptMachine.trustDomain(fault, TrustDomainOptions.DEFAULT)
        .with(SweptMachine.MEMORY, PageLevel.LEVEL_2M)
        .running()
        .accepted(GfnRange.ofPages(0, 8), PageLevel.LEVEL_2M);
  }

  private static String found(Function<SweptMachine, Object> operation) {
    return found("BUSY 1, THREAD 1, LATE_VCPU 1, HELD 1, tables 2", operation);
  }

  private static String found(String points, Function<SweptMachine, Object> operation) {
    Scenario scenario =
        new Scenario("broken", Promise.ALL_OR_NOTHING, FaultSweepTest::accepted, operation)
            .expecting("broken: " + points);
    return assertThrows(AssertionError.class, () -> FaultSweep.sweep(scenario)).getMessage();
  }

  private static long convert(SweptMachine machine) {
    return machine.host().convertToShared(RANGE);
  }

  @Test
  void noticesAnOperationThatTakesTooMuchWhenItFails() {
    String report =
        found(
            machine -> {
              try {
                return convert(machine);
              } catch (TableArenaFullException full) {
                machine.vm.deleteSlot(machine.vm.slots().all().get(0));
                throw full;
              }
            });
    assertTrue(report.contains("broken, 0 tables"), report);
    assertTrue(report.contains("accepted 1000"), report);
  }

  @Test
  void noticesContentThatIsLost() {
    String report =
        found(
            machine -> {
              try {
                return convert(machine);
              } catch (TableArenaFullException full) {
                machine.host().content().zero(machine.vm.slots().find(7).pfnOf(7));
                throw full;
              }
            });
    assertTrue(report.contains("broken, 0 tables"), report);
  }

  @Test
  void noticesAnEntryThatIsLeftFrozen() {
    String report =
        found(
            machine -> {
              try {
                return convert(machine);
              } catch (TableArenaFullException full) {
                TableArena arena = machine.vm.mmu().tables().arena();
                for (int table : arena.carvedTables()) {
                  if (arena.state(table) == TableArena.TableState.LIVE
                      && Spte.isLeaf(arena.entryAcquire(table, 0), PageLevel.PG_2M)) {
                    arena.storeEntryRelease(table, 0, Spte.FROZEN);
                  }
                }
                throw full;
              }
            });
    assertTrue(report.contains("broken, 0 tables"), report);
    assertTrue(report.contains("FROZEN"), report);
  }

  @Test
  void noticesAnInterruptThatIsSwallowed() {
    String report =
        found(
            machine -> {
              long removed = convert(machine);
              boolean unused = Thread.interrupted();
              return removed;
            });
    assertTrue(report.contains("THREAD 0: ") && report.contains("interrupted"), report);
  }

  @Test
  void noticesAnOperationThatGivesUpWhenItIsInterrupted() {
    String report =
        found(
            machine ->
                Thread.currentThread().isInterrupted() ? 0L : convertUnlessToldToStop(machine));
    assertTrue(report.contains("THREAD"), report);
  }

  private static long convertUnlessToldToStop(SweptMachine machine) {
    VcpuExit unused = machine.vcpu().access(SweptMachine.gpa(0), Access.READ);
    return Thread.currentThread().isInterrupted() ? 0 : convert(machine);
  }

  @Test
  void noticesThatNothingWasStruck() {
    String none = found("BUSY 1", machine -> "nothing was done");
    assertEquals("broken, BUSY: 0 points, not 1 ==> expected: <true> but was: <false>", none);
    String more = found("none", FaultSweepTest::convert);
    assertTrue(more.contains("BUSY") && more.contains("points, not 0"), more);
    String tables = found("BUSY 1, LATE_VCPU 1, THREAD 1, HELD 1", FaultSweepTest::convert);
    assertTrue(tables.contains("broken: tables"), tables);
  }
}
