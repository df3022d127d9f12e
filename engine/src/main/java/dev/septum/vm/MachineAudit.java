package dev.septum.vm;

import dev.septum.memory.GuestMemfd;
import dev.septum.memory.MemorySlot;
import dev.septum.memory.MemorySlots;
import dev.septum.mmu.AuditRule;
import dev.septum.mmu.Roots;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Violation;
import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.td.MirrorAudit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that must hold of a machine at rest: of each tree by itself, of the trees against the
 * slots, and in a trust domain of the mirror against the Secure EPT, of both trees against
 * guest_memfd and attributes, and of the module.
 */
final class MachineAudit {
  private final TdpMmu mmu;
  private final Geometry geometry;
  private final MemorySlots slots;
  private final @Nullable TrustDomainHost td;
  private final Walker walker;
  private final List<Violation> violations;

  private MachineAudit(TdpMmu mmu, MemorySlots slots, @Nullable TrustDomainHost td, Walker walker) {
    this.mmu = mmu;
    this.geometry = mmu.geometry();
    this.slots = slots;
    this.td = td;
    this.walker = walker;
    this.violations = new ArrayList<>(mmu.audit());
  }

  static List<Violation> run(
      TdpMmu mmu, MemorySlots slots, @Nullable TrustDomainHost td, Walker walker) {
    MachineAudit audit = new MachineAudit(mmu, slots, td, walker);
    if (audit.violations.isEmpty()) { // a broken tree is not walked again
      audit.run();
    }
    return audit.violations;
  }

  private void run() {
    GfnRange all = new GfnRange(0, mmu.gfnLimit());
    mmu.forEachLeaf(
        walker, all, Roots.DIRECT, (gfn, level, leaf) -> visit(gfn, level, leaf, false));
    if (td != null) {
      mmu.forEachLeaf(
          walker, all, Roots.MIRROR, (gfn, level, leaf) -> visit(gfn, level, leaf, true));
      violations.addAll(MirrorAudit.run(mmu, walker, td.module(), td.td()));
      td.module().audit().forEach(found -> add(AuditRule.MODULE, "%s", found));
    }
  }

  private void visit(long gfn, int level, long leaf, boolean isPrivate) {
    MemorySlot slot = slots.find(gfn);
    long pages = geometry.pages(level);
    if (slot == null || level > slot.backing().number() || !slot.backs(gfn, pages, leaf)) {
      add(
          AuditRule.BACKING,
          "gfn 0x%x level %d is mapped by '%s', there is %s",
          gfn,
          level,
          Spte.describe(leaf, level),
          slot == null ? "no slot" : slot);
      return;
    }
    GuestMemfd memfd = slot.guestMemfd();
    if (td == null || memfd == null) {
      return;
    }
    if (level > memfd.level(gfn)) {
      add(
          AuditRule.BACKING,
          "gfn 0x%x is mapped at level %d, its backing is of level %d",
          gfn,
          level,
          memfd.level(gfn));
    }
    for (long at = gfn; at < gfn + pages; at++) {
      if (!memfd.isAllocated(at)) {
        add(AuditRule.BACKING, "gfn 0x%x is mapped, and there is a hole behind it", at);
        break;
      }
    }
    if (td.isPrivate(gfn) != isPrivate
        || level > PageLevel.PG_4K && !td.attributes().isUniform(gfn, level)) {
      add(
          AuditRule.ATTRIBUTES,
          "gfn 0x%x level %d is mapped as %s, and not all of it is",
          gfn,
          level,
          isPrivate ? "private" : "shared");
    }
    if (isPrivate && level > PageLevel.PG_4K && slot.limits().isInhibited(gfn, level)) {
      add(AuditRule.INHIBIT, "gfn 0x%x is mapped at level %d, which is inhibited", gfn, level);
    }
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  private void add(AuditRule rule, String format, Object... arguments) {
    violations.add(new Violation(rule, String.format(format, arguments)));
  }
}
