package dev.septum.simulator.replay;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.simulator.guest.Guest;
import dev.septum.simulator.guest.GuestMemory;
import dev.septum.simulator.guest.GuestVcpu;
import dev.septum.simulator.guest.PersistentVcpu;
import dev.septum.simulator.guest.StampedVcpu;
import dev.septum.simulator.input.VcpuStream;
import dev.septum.td.SeamcallCounts;
import dev.septum.tdx.TdxLeaf;
import dev.septum.vm.SoftwareTlb;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A trust domain, its guest, and what its host does to its memory. */
final class TrustDomainMachine extends ReplayMachine {
  private final ReplayPlan plan;
  private final RunState state;
  private final GuestMemory memory;
  private final ModuleFaults faults;
  private final VirtualMachine vm;
  private final TrustDomainHost host;
  private final List<GuestThread> vcpus = new ArrayList<>();
  private final HostChanges changes;
  private final List<HostThread> hosts = new ArrayList<>();

  TrustDomainMachine(ReplayPlan plan, TrustDomainPlan td, RunState state) {
    super(plan);
    this.plan = plan;
    this.state = state;
    this.memory = new GuestMemory(plan.layout().slots());
    this.faults = new ModuleFaults(plan.injected(), plan.seed());
    this.vm =
        build(
            VirtualMachine.builder()
                .trustDomain(
                    TrustDomainOptions.DEFAULT
                        .withAcceptPolicy(td.faultSplit())
                        .withSeptVeDisable(td.guest().isSeptVeDisabled())
                        .withHostPages(hostPages(plan.layout()))
                        .withFaults(faults, faults)));
    this.host = vm.trustDomain();
    Pace pace = new Pace();
    this.changes = new HostChanges(host, memory, plan, td, vcpus, pace, state);
    try {
      prepare(td, pace);
    } catch (RuntimeException | Error failed) {
      vm.close();
      throw failed;
    }
  }

  private void prepare(TrustDomainPlan td, Pace pace) {
    for (GfnRange range : plan.layout().slots()) {
      long unused = host.convertToPrivate(range);
    }
    addVcpus(td.guest().newGuest(memory), pace);
    host.finalizeBuild();
    hosts.add(changes);
    if (td.promotes()) {
      hosts.add(new Promoter(host, state));
    }
    faults.arm(host);
  }

  /** Frames for all slots, each of which begins like its gfns in the largest page. */
  private static long hostPages(GuestLayout layout) {
    Geometry geometry = layout.geometry();
    long lost = geometry.pages(geometry.maxLeafLevel()) * (layout.slots().size() + 1);
    return layout.pages() + 2 * lost;
  }

  private void addVcpus(Guest guest, Pace pace) {
    SplittableRandom random = new SplittableRandom(~plan.seed());
    for (VcpuStream stream : plan.trace().streams()) {
      GuestVcpu vcpu =
          new GuestVcpu((TrustDomainVcpu) vm.newVcpu(), random.split(), host.sharedBit());
      StampedVcpu stamped = new StampedVcpu(vcpu, memory, vcpus.size());
      PersistentVcpu persistent = new PersistentVcpu(vcpu, stamped, guest);
      vcpus.add(new GuestThread(stream, persistent, plan.repeat(), pace, state));
    }
  }

  @Override
  VirtualMachine vm() {
    return vm;
  }

  @Override
  List<GuestThread> vcpus() {
    return vcpus;
  }

  @Override
  List<HostThread> hosts() {
    return hosts;
  }

  @Override
  TrustDomainResult settle() {
    faults.disarm();
    SeamcallCounts counts = host.seamcalls();
    final Map<String, Long> seamcalls = seamcalls(counts);
    final long busy = counts.busy();
    final long kicks = counts.kicks();
    final long exclusive = vm.mmu().lock().exclusiveHolds();
    final Map<VcpuExit, Long> exits = exits();
    SeptLeaves leaves = SeptLeaves.count(vm);
    sweep();
    return new TrustDomainResult(
        changes.conversions(),
        changes.punches(),
        leaves.accepted(),
        leaves.pending(),
        exits,
        vcpus.stream().mapToLong(GuestThread::givenUp).sum(),
        seamcalls,
        busy,
        kicks,
        host.splitsExclusive(),
        host.splitsShared(),
        counts.successes(TdxLeaf.MEM_PAGE_DEMOTE),
        counts.successes(TdxLeaf.MEM_PAGE_PROMOTE),
        counts.refusedPromotions(),
        host.inhibits(),
        host.anomalies().counts(),
        exclusive,
        vcpus.stream().mapToLong(thread -> thread.stamped().lostData()).sum());
  }

  /** Reads every page whose content is known; what it meets is a failure of the run. */
  private void sweep() {
    if (state.failure() == null) {
      try {
        vcpus.get(0).stamped().sweep();
      } catch (RuntimeException met) {
        state.fail("the last look at the guest's memory", met);
      }
    }
  }

  /** The host's, and the vCPUs' entries, which the host does not count. */
  private Map<String, Long> seamcalls(SeamcallCounts counts) {
    Map<String, Long> seamcalls = new LinkedHashMap<>();
    seamcalls.put(
        TdxLeaf.VP_ENTER.longName(),
        vcpus.stream().mapToLong(thread -> thread.vcpu().vcpu().entries()).sum());
    seamcalls.putAll(counts.snapshot());
    return seamcalls;
  }

  private Map<VcpuExit, Long> exits() {
    Map<VcpuExit, Long> sums = new EnumMap<>(VcpuExit.class);
    for (GuestThread thread : vcpus) {
      thread.vcpu().exits().forEach((exit, count) -> sums.merge(exit, count, Long::sum));
    }
    return sums;
  }

  @Override
  long churned() {
    return 0;
  }

  @Override
  ReplayResult.Tlb tlb() {
    List<SoftwareTlb> tlbs = new ArrayList<>();
    long stale = 0;
    for (GuestThread thread : vcpus) {
      TrustDomainVcpu vcpu = thread.vcpu().vcpu();
      tlbs.add(vcpu.tlb());
      tlbs.add(vcpu.privateTlb());
      stale += vcpu.staleUses();
    }
    return tlb(tlbs, stale);
  }

  @Override
  Map<Injection, Long> injected() {
    Map<Injection, Long> counts = super.injected();
    for (Injection kind : plan.injected().keySet()) {
      if (kind != Injection.DROP_FLUSH) {
        counts.put(kind, kind == Injection.OVER_ZAP ? changes.overZapped() : faults.count(kind));
      }
    }
    return counts;
  }
}
