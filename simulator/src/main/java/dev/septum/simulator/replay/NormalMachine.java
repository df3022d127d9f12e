package dev.septum.simulator.replay;

import dev.septum.simulator.input.VcpuStream;
import dev.septum.vm.Vcpu;
import dev.septum.vm.VirtualMachine;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A normal VM, and the churn of its host. */
final class NormalMachine extends ReplayMachine {
  private final VirtualMachine vm;
  private final List<Vcpu> vcpus = new ArrayList<>();
  private final List<NormalThread> threads = new ArrayList<>();
  private final List<Churn> hosts;

  NormalMachine(ReplayPlan plan, RunState state) {
    super(plan);
    this.vm = build(VirtualMachine.builder());
    for (VcpuStream stream : plan.trace().streams()) {
      Vcpu vcpu = vm.newVcpu();
      vcpus.add(vcpu);
      threads.add(new NormalThread(stream, vcpu, plan.repeat(), state));
    }
    this.hosts = plan.churn() == 0 ? List.of() : List.of(new Churn(vm, plan, threads, state));
  }

  @Override
  VirtualMachine vm() {
    return vm;
  }

  @Override
  List<NormalThread> vcpus() {
    return threads;
  }

  @Override
  List<Churn> hosts() {
    return hosts;
  }

  @Override
  @Nullable TrustDomainResult settle() {
    return null;
  }

  @Override
  long churned() {
    return hosts.stream().mapToLong(Churn::done).sum();
  }

  @Override
  ReplayResult.Tlb tlb() {
    return tlb(
        vcpus.stream().map(Vcpu::tlb).toList(), vcpus.stream().mapToLong(Vcpu::staleUses).sum());
  }
}
