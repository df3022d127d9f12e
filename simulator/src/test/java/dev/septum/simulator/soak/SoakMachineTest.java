package dev.septum.simulator.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.memory.MemorySlot;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.TableCache;
import dev.septum.simulator.MachineKind;
import dev.septum.simulator.replay.RunState;
import dev.septum.td.AcceptPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A soak's machine on one thread: what its threads do, and what its audit notices. */
@Timeout(120)
final class SoakMachineTest {
  private static final int THREADS = 3;
  private static final int STEPS = 150;
  private static final long SEED = 42;
  private static final GfnRange PAGE = GfnRange.ofPages(5, 1);

  private final RunState state = new RunState();

  private SoakMachine machine(MachineKind kind) {
    SoakPlan plan =
        new SoakPlan(kind, THREADS, 1, 1, AcceptPolicy.EXCLUSIVE, Map.of(), SEED, 1 << 20);
    return SoakMachine.of(plan, state, new QuietPoint());
  }

  /** Lets its threads do so many steps, in turn. */
  private static void run(SoakMachine machine, boolean reversed) {
    List<SoakThread> threads = new ArrayList<>(machine.threads());
    if (reversed) {
      Collections.reverse(threads);
    }
    for (int step = 0; step < STEPS; step++) {
      threads.forEach(SoakThread::step);
    }
  }

  private static List<String> choices(SoakThread thread) {
    return thread.log().last().stream()
        .map(entry -> entry.operation() + " " + entry.range())
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void theSeedDecidesWhatAThreadDoesWhateverTheOthersDo(MachineKind kind) {
    SoakMachine one = machine(kind);
    SoakMachine other = machine(kind);
    run(one, false);
    run(other, true);
    for (int i = 0; i < one.threads().size(); i++) {
      List<String> expected = choices(one.threads().get(i));
      List<String> found = choices(other.threads().get(i));
      assertTrue(expected.size() >= STEPS);
      assertEquals(expected, found);
    }
    assertEquals(List.of(), one.audit());
    assertEquals(List.of(), other.audit());
    assertEquals(List.of(), one.close());
    assertEquals(List.of(), other.close());
    assertNull(state.failure());
  }

  private static void assertFinds(String what, List<String> found) {
    assertTrue(found.stream().anyMatch(finding -> finding.contains(what)), found::toString);
  }

  @Test
  void noticesWrittenPagesThatAreNotDirty() {
    SoakMachine machine = machine(MachineKind.NORMAL);
    run(machine, false);
    assertEquals(List.of(), machine.audit());
    assertTrue(machine.vm().zap(SoakPlan.half(0)) > 0);
    assertFinds("pages were written and are not dirty", machine.audit());
    assertTrue(machine.lostData() > 0);
    machine.close();
  }

  @Test
  void noticesPagesThatAreTakenBehindTheGuestsBack() {
    SoakMachine machine = machine(MachineKind.TD);
    run(machine, false);
    assertEquals(List.of(), machine.audit());
    assertTrue(machine.vm().trustDomain().punchHole(SoakPlan.MEMORY) > 0);
    assertFinds("pages of lost data", machine.audit());
    assertTrue(machine.lostData() > 0);
    machine.close();
  }

  @Test
  void noticesMemoryThatIsSharedAndShouldBePrivate() {
    SoakMachine machine = machine(MachineKind.TD);
    assertEquals(List.of(), machine.audit());
    long unused = machine.vm().trustDomain().convertToShared(PAGE);
    assertEquals(List.of("gfn 0x5 should be private"), machine.audit());
    machine.close();
  }

  @ParameterizedTest
  @EnumSource
  void noticesSlotsThatShouldNotBeThere(MachineKind kind) {
    SoakMachine machine = machine(kind);
    assertEquals(List.of(), machine.audit());
    MemorySlot unused =
        machine.vm().addSlot(GfnRange.ofPages(SoakPlan.PLACES.end(), 1), PageLevel.LEVEL_4K);
    assertFinds("the slots that came and went should be null", machine.audit());
    machine.close();
  }

  @Test
  void noticesTablesThatAreNotGivenBack() {
    SoakMachine machine = machine(MachineKind.NORMAL);
    try (TableCache cache = machine.vm().mmu().tables().newCache()) {
      cache.require(1);
      int unused = cache.take(1, 0);
      cache.linked();
      assertFinds("1 tables live", machine.close());
    }
  }

  @ParameterizedTest
  @EnumSource
  void memoryThatIsGoneFailsTheRun(MachineKind kind) {
    SoakMachine machine = machine(kind);
    machine.vm().deleteSlot(machine.vm().slots().all().get(0));
    SoakThread vcpu = machine.threads().get(0);
    for (int step = 0; step < STEPS && !state.isStopped(); step++) {
      vcpu.step();
    }
    assertTrue(("" + state.failure()).startsWith("vCPU 0: exit MMIO at gfn 0x"), state::failure);
    machine.close();
  }

  @Test
  void quietIsRefusedWhileSomebodyWorks() throws InterruptedException {
    QuietPoint quiet = new QuietPoint();
    Thread worker = new Thread(quiet::goIn);
    worker.start();
    worker.join();
    assertEquals(false, quiet.await(0));
  }

  @Test
  void heapMayGrowSoFarAndNoFurther() {
    HeapWatch watch = new HeapWatch(100);
    assertNull(watch.note(1_000, 0));
    assertNull(watch.note(1_100, 0));
    assertNull(watch.note(1_150, 50));
    assertNull(watch.note(900, 0));
    String found = watch.note(3 << 20, 50);
    assertTrue(("" + found).startsWith("the heap grew by 3.0 MiB"), found);
    assertEquals(new HeapWatch.Sizes(1_000, 3 << 20, 3 << 20), watch.sizes());
  }
}
