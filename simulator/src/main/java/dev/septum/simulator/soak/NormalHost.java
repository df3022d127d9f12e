package dev.septum.simulator.soak;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.VirtualMachine;

/**
 * What the host does to the mappings of a normal VM, or to those of a trust domain that are not
 * made by its conversions.
 */
final class NormalHost extends SoakThread {
  static final long PAUSE_MICROS = 200;

  private final VirtualMachine vm;

  NormalHost(VirtualMachine vm, Choices choices, OperationLog log, SoakMachine machine) {
    super(choices, log, 1, PAUSE_MICROS, machine);
    this.vm = vm;
  }

  @Override
  long perform(Operation operation, GfnRange range) {
    return change(vm, operation, range);
  }

  /**
   * Splits, merges, prefaults, zaps or trims.
   *
   * @return how many leaves, tables or pages
   */
  static long change(VirtualMachine vm, Operation operation, GfnRange range) {
    return switch (operation) {
      case SPLIT -> vm.split(range, PageLevel.LEVEL_4K);
      case MERGE -> vm.merge(range, PageLevel.LEVEL_2M);
      case PREFAULT -> vm.prefault(range);
      case ZAP -> vm.zap(range);
      case TRIM -> vm.trim(range);
      default -> throw new IllegalArgumentException("no change of mappings: " + operation);
    };
  }
}
