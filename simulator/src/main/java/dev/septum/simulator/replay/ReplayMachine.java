package dev.septum.simulator.replay;

import dev.septum.memory.MemorySlot;
import dev.septum.paging.GfnRange;
import dev.septum.vm.SoftwareTlb;
import dev.septum.vm.VirtualMachine;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The machine of a run and what runs on it: all that depends on its kind. */
abstract class ReplayMachine implements AutoCloseable {
  private final ReplayPlan plan;
  private @Nullable FlushLoss loss;

  ReplayMachine(ReplayPlan plan) {
    this.plan = plan;
  }

  /** The machine that a plan wants, with its vCPUs out of the guest. */
  static ReplayMachine of(ReplayPlan plan, RunState state) {
    TrustDomainPlan trustDomain = plan.trustDomain();
    return trustDomain == null
        ? new NormalMachine(plan, state)
        : new TrustDomainMachine(plan, trustDomain, state);
  }

  /** A machine with the plan's memory, of the kind that the builder says. */
  final VirtualMachine build(VirtualMachine.Builder builder) {
    builder.geometry(plan.layout().geometry()).maxTables(plan.maxTables()).tlb(plan.isTlbOn());
    double lost = plan.probability(Injection.DROP_FLUSH);
    if (lost > 0) {
      builder.interceptFlushes(vcpus -> loss = new FlushLoss(vcpus, lost, plan.seed()));
    }
    VirtualMachine vm = builder.build();
    for (GfnRange range : plan.layout().slots()) {
      MemorySlot unused = vm.addSlot(range, plan.backing());
    }
    return vm;
  }

  abstract VirtualMachine vm();

  abstract List<? extends VcpuThread> vcpus();

  /** What the host does meanwhile. */
  abstract List<? extends HostThread> hosts();

  /** Looks at what is left, once all threads have ended; what is wrong fails the run. */
  abstract @Nullable TrustDomainResult settle();

  /** How often a normal VM's mappings were churned. */
  abstract long churned();

  /** What all TLBs have counted. */
  abstract ReplayResult.Tlb tlb();

  /** How often something went wrong on purpose. */
  Map<Injection, Long> injected() {
    Map<Injection, Long> counts = new EnumMap<>(Injection.class);
    if (loss != null) {
      counts.put(Injection.DROP_FLUSH, loss.lost());
    }
    return counts;
  }

  static ReplayResult.Tlb tlb(List<SoftwareTlb> tlbs, long staleUses) {
    return new ReplayResult.Tlb(
        tlbs.stream().mapToLong(SoftwareTlb::hits).sum(),
        tlbs.stream().mapToLong(SoftwareTlb::misses).sum(),
        tlbs.stream().mapToLong(SoftwareTlb::flushes).sum(),
        staleUses);
  }

  @Override
  public void close() {
    vm().close();
  }
}
