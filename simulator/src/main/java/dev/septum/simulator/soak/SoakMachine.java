package dev.septum.simulator.soak;

import dev.septum.memory.MemorySlot;
import dev.septum.mmu.Violation;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.MachineKind;
import dev.septum.simulator.replay.Injection;
import dev.septum.simulator.replay.RunState;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The machine of a soak and its threads: all that depends on its kind. */
abstract class SoakMachine {
  private final SoakPlan plan;
  private final RunState state;
  private final QuietPoint quiet;
  private final SplittableRandom seeds;
  private final List<SoakThread> threads = new ArrayList<>();

  SoakMachine(SoakPlan plan, RunState state, QuietPoint quiet) {
    this.plan = plan;
    this.state = state;
    this.quiet = quiet;
    this.seeds = new SplittableRandom(plan.seed());
  }

  static SoakMachine of(SoakPlan plan, RunState state, QuietPoint quiet) {
    return plan.kind() == MachineKind.TD
        ? new TrustDomainSoak(plan, state, quiet)
        : new NormalSoak(plan, state, quiet);
  }

  final SoakPlan plan() {
    return plan;
  }

  final RunState state() {
    return state;
  }

  final QuietPoint quiet() {
    return quiet;
  }

  /** What a further thread does; the order in which threads are made decides. */
  final Choices choices(Repertoire repertoire, GfnRange area, GfnRange elsewhere) {
    return new Choices(repertoire, area, elsewhere, seeds.split());
  }

  final void add(SoakThread thread) {
    threads.add(thread);
  }

  final List<SoakThread> threads() {
    return threads;
  }

  final List<OperationLog> logs() {
    return threads.stream().flatMap(thread -> thread.logs().stream()).toList();
  }

  abstract VirtualMachine vm();

  /** Every finding of this kind of machine, in words. At rest. */
  abstract List<String> findings();

  /** Accesses through a translation that should have been flushed. At rest. */
  abstract long staleUses();

  /** Pages that lost what was written to them, or that it was. At rest, after an audit. */
  abstract long lostData();

  /** The vCPUs that the machine has had, those that are closed included. */
  abstract long vcpus();

  /** How often something went wrong on purpose. */
  abstract Map<Injection, Long> injected();

  final long count(Operation operation) {
    return logs().stream().mapToLong(log -> log.count(operation)).sum();
  }

  /** Everything that is wrong with the machine, in words; empty if it is sound. At rest. */
  final List<String> audit() {
    String evidence = vm().mmu().health().evidence();
    if (evidence != null) {
      return List.of("the machine is bugged: " + evidence);
    }
    List<String> found = new ArrayList<>();
    if (staleUses() > 0) {
      found.add(staleUses() + " stale uses of a translation");
    }
    found.addAll(findings());
    for (Violation violation : vm().audit()) {
      found.add(violation.toString());
    }
    long mapped = 0;
    for (PageLevel level : List.of(PageLevel.LEVEL_4K, PageLevel.LEVEL_2M, PageLevel.LEVEL_1G)) {
      mapped += vm().mapped(level) * vm().mmu().geometry().pages(level.number());
    }
    long there = vm().slots().all().stream().mapToLong(slot -> slot.range().pages()).sum();
    if (mapped > there) {
      found.add(mapped + " pages are mapped, and there are " + there);
    }
    return found;
  }

  /** Finds slots besides the memory that should not be there, or are missing. */
  static void judgeSlots(VirtualMachine vm, @Nullable MemorySlot slot, List<String> found) {
    List<MemorySlot> others = new ArrayList<>(vm.slots().all());
    others.removeIf(other -> other.range().equals(SoakPlan.MEMORY));
    if (!others.equals(slot == null ? List.of() : List.of(slot))) {
      found.add("the slots that came and went should be " + slot + ", and are " + others);
    }
  }

  /** Closes the machine, whose threads have ended; returns what it has not given back. */
  List<String> close() {
    vm().close();
    vm().mmu().tables().reclaim();
    int live = vm().mmu().tables().live();
    int waiting = vm().mmu().tables().waiting();
    return live + waiting == 0
        ? List.of()
        : List.of(live + " tables live and " + waiting + " wait in a machine that is closed");
  }
}
