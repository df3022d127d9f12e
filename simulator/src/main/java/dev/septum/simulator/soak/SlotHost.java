package dev.septum.simulator.soak;

import dev.septum.memory.MemorySlot;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.VirtualMachine;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The host adds, moves and deletes one slot of a normal VM, while vCPUs use it. */
final class SlotHost extends SoakThread {
  private static final long PAUSE_MICROS = 1_000;

  private final VirtualMachine vm;
  private @Nullable MemorySlot slot;

  SlotHost(VirtualMachine vm, Choices choices, OperationLog log, SoakMachine machine) {
    super(choices, log, 1, PAUSE_MICROS, machine);
    this.vm = vm;
  }

  @Override
  long perform(Operation operation, GfnRange range) {
    switch (operation) {
      case SLOT_ADD -> slot = vm.addSlot(range, PageLevel.LEVEL_2M);
      case SLOT_MOVE -> slot = vm.moveSlot(Objects.requireNonNull(slot), range.start());
      default -> {
        vm.deleteSlot(Objects.requireNonNull(slot));
        slot = null;
      }
    }
    return range.pages();
  }

  /** The slot that is there; null if it was deleted. */
  @Nullable MemorySlot slot() {
    return slot;
  }
}
