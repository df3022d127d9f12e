package dev.septum.jcstress;

import dev.septum.memory.MemorySlot;
import dev.septum.paging.PageLevel;
import dev.septum.vm.VirtualMachine;

/** A normal VM around a {@link TinyTree}, of whose blocks the first is a slot. */
final class TinyMachine {
  private static final int TABLES = 8;

  final VirtualMachine vm =
      VirtualMachine.builder().geometry(TinyTree.GEOMETRY).maxTables(TABLES).build();
  final TinyTree tree;
  private final MemorySlot slot = vm.addSlot(TinyTree.BLOCK, PageLevel.LEVEL_2M);

  TinyMachine() {
    tree = new TinyTree(vm.mmu(), slot.pfnOf(0));
  }

  /** Deletes the slot, and all that is mapped of it. */
  void deleteSlot() {
    vm.deleteSlot(slot);
  }

  /** Violations found by the audit. */
  int violations() {
    return vm.audit().size();
  }
}
