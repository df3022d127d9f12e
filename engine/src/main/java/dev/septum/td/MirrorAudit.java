package dev.septum.td;

import dev.septum.mmu.AuditRule;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Violation;
import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.Spte;
import dev.septum.sync.SpinWait;
import dev.septum.tdx.ModuleState;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.SeptEntry;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import dev.septum.tdx.TrustDomain;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Holds a mirror against its Secure EPT, entry by entry: what is not present there is FREE here, a
 * table is NL_MAPPED, a leaf is MAPPED or PENDING at the same level, of the same page. The mirror
 * does not know what the guest has accepted, so it does not tell the two apart. And no entry is
 * kept from guests for a call of the host's that has lost it: none is under way.
 *
 * <p>Reads the S-EPT by TDH.MEM.SEPT.RD, level by level from the root, and goes no further where
 * the two differ. Takes the exclusive MMU lock; exact when no operation is under way. One use.
 */
public final class MirrorAudit {
  private static final int STATE_SHIFT = 8;
  private static final int STATE_MASK = 0xff;

  /** Violations after which an audit lists no more. */
  private static final int MOST = 1000;

  private final TdpMmu mmu;
  private final Walker walker;
  private final TdxModule module;
  private final TrustDomain td;
  private final Geometry geometry;
  private final ModuleState entries;
  private final SeamcallRegisters call = new SeamcallRegisters();
  private final List<Violation> violations = new ArrayList<>();

  private MirrorAudit(TdpMmu mmu, Walker walker, TdxModule module, TrustDomain td) {
    this.mmu = mmu;
    this.walker = walker;
    this.module = module;
    this.td = td;
    this.geometry = mmu.geometry();
    this.entries = new ModuleState(module);
  }

  /**
   * Everything in which the mirror and the Secure EPT differ.
   *
   * @param walker the calling thread's, in no read section
   * @throws IllegalStateException if the MMU is closed, or the TD's tree cannot be read any more
   */
  public static List<Violation> run(TdpMmu mmu, Walker walker, TdxModule module, TrustDomain td) {
    if (mmu.isClosed()) {
      throw new IllegalStateException("a mirror that is closed says nothing");
    }
    MirrorAudit audit = new MirrorAudit(mmu, walker, module, td);
    long stamp = mmu.lock().lockExclusive();
    walker.section().open();
    try {
      audit.visitTable(0, mmu.geometry().levels());
    } finally {
      walker.section().close();
      mmu.lock().unlockExclusive(stamp);
    }
    return audit.violations;
  }

  private void visitTable(long start, int level) {
    for (int index = 0; index < geometry.entries(); index++) {
      long gfn = start + index * geometry.pages(level);
      if (gfn >= mmu.gfnLimit() || violations.size() >= MOST) {
        return;
      }
      visit(gfn, level);
    }
  }

  private void visit(long gfn, int level) {
    checkNotKept(gfn, level);
    SeptState state = read(gfn, level);
    long entry = mmu.walkMirror(walker, gfn);
    int found = walker.level();
    if (found < level) { // the walk has passed through: here the mirror has a table
      if (state == SeptState.NL_MAPPED) {
        visitTable(gfn, level - 1);
      } else {
        report(gfn, level, "a table", state);
      }
    } else if (Spte.isPresent(entry)) {
      boolean isMapped = state == SeptState.MAPPED || state == SeptState.PENDING;
      if (!isMapped || pfn(level) != Spte.pfn(entry)) {
        report(gfn, level, String.format("a leaf of pfn 0x%x", Spte.pfn(entry)), state);
      }
    } else if (state != SeptState.FREE) {
      report(gfn, level, Spte.isFrozen(entry) ? "FROZEN" : "nothing", state);
    }
  }

  /** Before it is read: that wins the entry, and so gives it back to the guests. */
  private void checkNotKept(long gfn, int level) {
    if ((entries.entry(td, gfn << Geometry.PAGE_SHIFT, level - 1) & SeptEntry.TDHP) != 0) {
      violations.add(
          new Violation(
              AuditRule.HOST_PRIORITY,
              String.format("gfn 0x%x level %d: kept from guests, for the host", gfn, level)));
    }
  }

  private long pfn(int level) {
    return SeptEntry.pageHpa(call.rcx, level - 1, geometry) >>> Geometry.PAGE_SHIFT;
  }

  /** The state of an entry, whose parents are tables in both trees; null if it has none. */
  private @Nullable SeptState read(long gfn, int level) {
    int tries = 0;
    long status = readOnce(gfn, level);
    while (SeamcallStatus.detail(status) == SeamcallStatus.OPERAND_BUSY) {
      SpinWait.pause(tries++);
      status = readOnce(gfn, level);
    }
    if (status != SeamcallStatus.SUCCESS) {
      throw new IllegalStateException(
          String.format(
              "the S-EPT cannot be read: gfn 0x%x level %d: %s",
              gfn, level, SeamcallStatus.describe(status)));
    }
    int code = (int) (call.rdx >>> STATE_SHIFT) & STATE_MASK;
    for (SeptState state : SeptState.values()) {
      if (state.publicCode() == code) {
        return state;
      }
    }
    return null;
  }

  private long readOnce(long gfn, int level) {
    return module.seamcall(call, TdxLeaf.MEM_SEPT_RD, level - 1, gfn << Geometry.PAGE_SHIFT, td, 0);
  }

  private void report(long gfn, int level, String mirrored, @Nullable SeptState state) {
    String page = state != null && state.isLeaf() ? String.format(" of pfn 0x%x", pfn(level)) : "";
    violations.add(
        new Violation(
            AuditRule.MIRROR,
            String.format(
                "gfn 0x%x level %d: the mirror has %s, the S-EPT is %s%s",
                gfn, level, mirrored, state, page)));
  }
}
