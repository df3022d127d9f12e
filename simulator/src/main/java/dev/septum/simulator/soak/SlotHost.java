package dev.septum.simulator.soak;

import dev.septum.memory.MemorySlot;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.VirtualMachine;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The host adds, moves and deletes one slot, while vCPUs use it; in a trust domain, which has
 * frames for so many and no more, slowly. Of a trust domain's slot a half is private.
 */
final class SlotHost extends SoakThread {
  private static final long PAUSE_MICROS = 1_000;
  private static final long TRUST_DOMAIN_PAUSE_MICROS = 250_000;

  /** So many slots can come in a trust domain: each has frames of a gibibyte of its own. */
  static final int MOST_OF_TRUST_DOMAIN = 1 << 12;

  private final VirtualMachine vm;
  private int added;
  private @Nullable MemorySlot slot;

  SlotHost(VirtualMachine vm, Choices choices, OperationLog log, SoakMachine machine) {
    super(choices, log, 1, vm.isTrustDomain() ? TRUST_DOMAIN_PAUSE_MICROS : PAUSE_MICROS, machine);
    this.vm = vm;
  }

  @Override
  long perform(Operation operation, GfnRange range) {
    switch (operation) {
      case SLOT_ADD -> add(range);
      case SLOT_MOVE -> slot = vm.moveSlot(Objects.requireNonNull(slot), range.start());
      default -> delete();
    }
    return slot == null ? 0 : range.pages();
  }

  private void add(GfnRange range) {
    if (vm.isTrustDomain() && added == MOST_OF_TRUST_DOMAIN) {
      return;
    }
    added++;
    slot = vm.addSlot(range, PageLevel.LEVEL_2M);
    if (vm.isTrustDomain()) {
      long unused =
          vm.trustDomain().convertToPrivate(GfnRange.ofPages(range.start(), range.pages() / 2));
    }
  }

  private void delete() {
    if (slot != null) {
      vm.deleteSlot(slot);
      slot = null;
    }
  }

  /** The slot that is there; null if it was deleted. */
  @Nullable MemorySlot slot() {
    return slot;
  }
}
