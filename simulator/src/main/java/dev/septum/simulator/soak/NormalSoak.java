package dev.septum.simulator.soak;

import dev.septum.memory.MemorySlot;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.simulator.replay.FlushLoss;
import dev.septum.simulator.replay.Injection;
import dev.septum.simulator.replay.RunState;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A normal VM. It holds no content, so data is lost if a page that was written is not dirty: the
 * first half of its memory is split and merged, and never unmapped, and there each page that was
 * ever written must be dirty.
 */
final class NormalSoak extends SoakMachine {
  private static final GfnRange KEPT = SoakPlan.half(0);
  private static final int HOSTS = 2;

  private final VirtualMachine vm;
  private final List<NormalGuest> guests = new ArrayList<>();
  private final SlotHost slotHost;
  private @Nullable FlushLoss loss;
  private long lost;

  NormalSoak(SoakPlan plan, RunState state, QuietPoint quiet) {
    super(plan, state, quiet);
    VirtualMachine.Builder builder = VirtualMachine.builder();
    double dropped = plan.probability(Injection.DROP_FLUSH);
    if (dropped > 0) {
      builder.interceptFlushes(vcpus -> loss = new FlushLoss(vcpus, dropped, plan.seed()));
    }
    vm = builder.build();
    MemorySlot unused = vm.addSlot(SoakPlan.MEMORY, PageLevel.LEVEL_2M);
    for (int i = 0; i < plan.threads(); i++) {
      NormalGuest guest =
          new NormalGuest(
              vm,
              choices(Repertoire.NORMAL_GUEST, SoakPlan.MEMORY, SoakPlan.PLACES),
              new OperationLog("vCPU " + i, i),
              KEPT,
              this);
      guests.add(guest);
      add(guest);
    }
    for (int i = 0; i < HOSTS; i++) {
      addHost(Repertoire.NORMAL_HOST, SoakPlan.MEMORY, i);
    }
    addHost(Repertoire.NORMAL_ZAPPER, SoakPlan.half(1), HOSTS);
    slotHost =
        new SlotHost(
            vm,
            choices(Repertoire.SLOT_HOST, SoakPlan.PLACES, SoakPlan.PLACES),
            new OperationLog("slots", 0),
            this);
    add(slotHost);
  }

  private void addHost(Repertoire repertoire, GfnRange area, int number) {
    add(
        new NormalHost(
            vm, choices(repertoire, area, area), new OperationLog("host " + number, number), this));
  }

  @Override
  VirtualMachine vm() {
    return vm;
  }

  @Override
  List<String> findings() {
    List<String> found = new ArrayList<>();
    BitSet clean = new BitSet();
    guests.forEach(guest -> clean.or(guest.written()));
    takeDirty(vm, KEPT, clean);
    lost = clean.cardinality();
    if (lost > 0) {
      found.add(
          String.format(
              "%d pages were written and are not dirty, the first 0x%x",
              lost, clean.nextSetBit(0)));
    }
    judgeSlots(vm, slotHost.slot(), found);
    return found;
  }

  /** Takes the pages that are dirty from a set of gfns. */
  static void takeDirty(VirtualMachine vm, GfnRange range, BitSet gfns) {
    vm.forEachLeaf(
        range,
        (gfn, level, entry) -> {
          if (Spte.isDirty(entry)) {
            gfns.clear((int) gfn, (int) (gfn + vm.mmu().geometry().pages(level)));
          }
        });
  }

  @Override
  long staleUses() {
    return guests.stream().mapToLong(NormalGuest::staleUses).sum();
  }

  @Override
  long lostData() {
    return lost;
  }

  @Override
  long vcpus() {
    return guests.size() + count(Operation.VCPU);
  }

  @Override
  Map<Injection, Long> injected() {
    return loss == null ? Map.of() : Map.of(Injection.DROP_FLUSH, loss.lost());
  }
}
