package dev.septum.simulator.replay;

import dev.septum.mmu.Roots;
import dev.septum.mmu.Walker;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.SeptState;
import dev.septum.tdx.TdxLeaf;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.VirtualMachine;

/**
 * The leaves of a trust domain's Secure EPT at rest, which the module is asked about one by one.
 *
 * @param accepted those the guest has accepted
 * @param pending those it has yet to accept
 */
record SeptLeaves(PageCounts accepted, PageCounts pending) {
  private static final int STATE_SHIFT = 8;
  private static final int STATE_MASK = 0xff;

  /** Counts them, in a machine of which every thread has ended; also if it is bugged. */
  static SeptLeaves count(VirtualMachine vm) {
    long[] accepted = new long[PageLevel.LEAF_LEVELS + 1];
    long[] pending = new long[PageLevel.LEAF_LEVELS + 1];
    SeamcallRegisters call = new SeamcallRegisters();
    try (Walker walker = vm.mmu().newWalker()) {
      vm.mmu()
          .forEachLeaf(
              walker,
              new GfnRange(0, vm.mmu().gfnLimit()),
              Roots.MIRROR,
              (gfn, level, entry) -> {
                int state = state(vm.trustDomain(), call, gfn, level);
                if (state == SeptState.MAPPED.publicCode()) {
                  accepted[level]++;
                } else if (state == SeptState.PENDING.publicCode()) {
                  pending[level]++;
                }
              });
    }
    return new SeptLeaves(PageCounts.of(accepted), PageCounts.of(pending));
  }

  private static int state(TrustDomainHost host, SeamcallRegisters call, long gfn, int level) {
    long gpa = gfn << Geometry.PAGE_SHIFT;
    long status = host.module().seamcall(call, TdxLeaf.MEM_SEPT_RD, level - 1, gpa, host.td(), 0);
    return status == SeamcallStatus.SUCCESS ? (int) (call.rdx >>> STATE_SHIFT) & STATE_MASK : -1;
  }
}
