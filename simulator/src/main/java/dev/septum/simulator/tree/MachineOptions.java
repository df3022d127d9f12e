package dev.septum.simulator.tree;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.MachineKind;
import dev.septum.td.AcceptPolicy;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.VirtualMachine;

/**
 * The machine of a scenario.
 *
 * @param kind normal, or a trust domain
 * @param memory bytes, in one slot from address 0 on
 * @param backing the pages that the host's memory comes in
 * @param policy what becomes of a mapping larger than an ACCEPT wants it
 * @param takesVe whether the guest gets a #VE for what it has not accepted
 * @param vcpus how many
 */
record MachineOptions(
    MachineKind kind,
    long memory,
    PageLevel backing,
    AcceptPolicy policy,
    boolean takesVe,
    int vcpus) {
  private static final long GIB = 1L << 30;
  private static final int VCPUS = 2;

  /** Frames that the machine's own pages and its alignment take besides. */
  private static final long MORE_PAGES = 1L << 20;

  static MachineOptions of(MachineKind kind) {
    return new MachineOptions(kind, GIB, PageLevel.LEVEL_2M, AcceptPolicy.EXCLUSIVE, false, VCPUS);
  }

  MachineOptions withMemory(long bytes) {
    return new MachineOptions(kind, bytes, backing, policy, takesVe, vcpus);
  }

  MachineOptions withBacking(PageLevel size) {
    return new MachineOptions(kind, memory, size, policy, takesVe, vcpus);
  }

  MachineOptions withPolicy(AcceptPolicy split) {
    return new MachineOptions(kind, memory, backing, split, takesVe, vcpus);
  }

  MachineOptions withVe() {
    return new MachineOptions(kind, memory, backing, policy, true, vcpus);
  }

  MachineOptions withVcpus(int count) {
    return new MachineOptions(kind, memory, backing, policy, takesVe, count);
  }

  /**
   * Makes the machine, without its vCPUs.
   *
   * @throws IllegalArgumentException if no machine has so much memory
   */
  VirtualMachine build() {
    GfnRange slot = GfnRange.ofBytes(0, memory);
    VirtualMachine.Builder builder =
        VirtualMachine.builder()
            .geometry(
                slot.end() <= Geometry.FOUR_LEVEL.gfnLimit() / 2
                    ? Geometry.FOUR_LEVEL
                    : Geometry.FIVE_LEVEL);
    if (kind == MachineKind.TD) {
      builder.trustDomain(
          TrustDomainOptions.DEFAULT
              .withAcceptPolicy(policy)
              .withSeptVeDisable(!takesVe)
              .withHostPages(slot.pages() + MORE_PAGES));
    }
    VirtualMachine vm = builder.build();
    try {
      vm.addSlot(slot, backing);
      return vm;
    } catch (IllegalArgumentException e) {
      vm.close();
      throw e;
    }
  }
}
