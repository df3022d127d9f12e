package dev.septum.vm;

import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.AuditRule;
import dev.septum.mmu.Roots;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Violation;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.Spte;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything that must hold of a machine at rest: of the tree by itself, and of the tree against
 * the slots.
 */
final class MachineAudit {
  private MachineAudit() {}

  static List<Violation> run(TdpMmu mmu, MemorySlots slots, Walker walker) {
    List<Violation> violations = new ArrayList<>(mmu.audit());
    if (!violations.isEmpty()) {
      return violations; // a broken tree is not walked again
    }
    mmu.forEachLeaf(
        walker,
        new GfnRange(0, mmu.gfnLimit()),
        Roots.BOTH,
        (gfn, level, entry) -> {
          MemorySlot slot = slots.find(gfn);
          if (slot == null
              || level > slot.backing().number()
              || !slot.backs(gfn, mmu.geometry().pages(level), entry)) {
            violations.add(
                new Violation(
                    AuditRule.BACKING,
                    String.format(
                        "gfn 0x%x level %d is mapped by '%s', there is %s",
                        gfn, level, Spte.describe(entry, level), slot == null ? "no slot" : slot)));
          }
        });
    return violations;
  }
}
