package dev.septum.simulator.soak;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.replay.MemoryTaker;
import dev.septum.vm.VirtualMachine;
import org.jspecify.annotations.Nullable;

/** A trust domain's host, who takes private memory of its area away, and changes mappings there. */
final class TakingHost extends SoakThread {
  /** Long enough for the guest to have something that can be lost. */
  private static final long PAUSE_MICROS = 2_000;

  private final VirtualMachine vm;
  private final MemoryTaker taker;
  private final GfnRange area;

  TakingHost(
      VirtualMachine vm,
      MemoryTaker taker,
      GfnRange area,
      Choices choices,
      OperationLog log,
      SoakMachine machine) {
    super(choices, log, 1, PAUSE_MICROS, machine);
    this.vm = vm;
    this.taker = taker;
    this.area = area;
  }

  @Override
  long perform(Operation operation, GfnRange range) {
    return switch (operation) {
      case SHARED -> taker.convertToShared(range, area);
      case PRIVATE -> taker.bringBack();
      case PUNCH -> taker.punchHole(range, area);
      case ZAP -> taker.take(range, () -> vm.zap(range));
      case PROMOTE -> vm.trustDomain().promote(range, PageLevel.LEVEL_2M);
      default -> NormalHost.change(vm, operation, range);
    };
  }

  /** What it has made shared; null if nothing is. */
  @Nullable GfnRange shared() {
    return taker.shared();
  }

  long overZapped() {
    return taker.overZapped();
  }
}
