package dev.septum.simulator.soak;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.guest.Guest;
import dev.septum.simulator.guest.GuestMemory;
import dev.septum.simulator.guest.GuestVcpu;
import dev.septum.simulator.guest.PersistentVcpu;
import dev.septum.simulator.guest.PersistentVcpu.Outcome;
import dev.septum.simulator.guest.StampedVcpu;
import dev.septum.simulator.replay.TrustDomainPlan;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import java.util.List;
import java.util.SplittableRandom;

/** A vCPU of a trust domain, whose every write puts a stamp of its own in its page. */
final class TrustDomainGuest extends SoakThread {
  private static final int SLICE = 64;

  private final VirtualMachine vm;
  private final GuestMemory memory;
  private final Guest guest;
  private final SplittableRandom chances;

  /** Apart, because the ACCEPTs for one access may be as many as the log keeps. */
  private final OperationLog accepts;

  private final int number;
  private final int threads;

  /** A vCPU cannot be taken out of a trust domain again, only not be used any more. */
  private final int mostVcpus;

  private PersistentVcpu vcpu;
  private int vcpus;
  private long staleBefore;
  private long lostBefore;

  TrustDomainGuest(
      VirtualMachine vm,
      GuestMemory memory,
      Guest guest,
      SplittableRandom chances,
      Choices choices,
      OperationLog log,
      SoakMachine machine) {
    super(choices, log, SLICE, 0, machine);
    this.vm = vm;
    this.memory = memory;
    this.guest = guest;
    this.chances = chances;
    this.accepts = new OperationLog(log.thread() + " accepts", log.number());
    this.number = log.number();
    this.threads = machine.plan().threads();
    this.mostVcpus = TrustDomainPlan.MAX_VCPUS / threads;
    this.vcpu = newVcpu();
  }

  private PersistentVcpu newVcpu() {
    GuestVcpu next =
        new GuestVcpu(
            (TrustDomainVcpu) vm.newVcpu(),
            chances.split(),
            vm.trustDomain().sharedBit(),
            this::accepted);
    StampedVcpu stamped = new StampedVcpu(next, memory, number + threads * vcpus);
    vcpus++;
    return new PersistentVcpu(next, stamped, guest);
  }

  private void accepted(long gpa, PageLevel level, long status) {
    long gfn = gpa >>> Geometry.PAGE_SHIFT;
    long pages = Geometry.FIVE_LEVEL.pages(level.number());
    accepts.end(accepts.begin(Operation.ACCEPT, gfn, pages), status);
  }

  @Override
  List<OperationLog> logs() {
    return List.of(log(), accepts);
  }

  @Override
  long perform(Operation operation, GfnRange range) {
    if (operation == Operation.VCPU) {
      return replaceVcpu();
    }
    if (SoakPlan.PLACES.contains(range.start())) {
      return touchPlace(range.start(), NormalGuest.access(operation));
    }
    Outcome outcome =
        vcpu.make(range.start(), NormalGuest.access(operation), () -> !state().isStopped());
    if (outcome == Outcome.MMIO) {
      state().fail(String.format("%s: exit MMIO at gfn 0x%x", log().thread(), range.start()));
    }
    return outcome.ordinal();
  }

  /**
   * Where slots come and go nothing is kept: it touches what is there, whatever it is, and accepts
   * it if it must, large or small. Whether it could is not judged.
   */
  private long touchPlace(long gfn, Access access) {
    TrustDomainVcpu cpu = vcpu.vcpu().vcpu();
    long gpa = gfn << Geometry.PAGE_SHIFT;
    VcpuExit exit = cpu.access(gpa, access);
    if (exit == VcpuExit.UNACCEPTED) {
      PageLevel level = PageLevel.values()[(int) gfn & 1];
      long first = gfn & -Geometry.FIVE_LEVEL.pages(level.number());
      accepted(gpa, level, cpu.accept(first << Geometry.PAGE_SHIFT, level));
      exit = cpu.access(gpa, access);
    } else if (exit == VcpuExit.MEMORY_FAULT) {
      exit = cpu.access(gpa | vm.trustDomain().sharedBit(), access);
    }
    return (exit == VcpuExit.NONE ? Outcome.MADE : Outcome.MMIO).ordinal();
  }

  private long replaceVcpu() {
    if (vcpus == mostVcpus) {
      return 0;
    }
    vcpu.vcpu().vcpu().close();
    staleBefore += vcpu.vcpu().vcpu().staleUses();
    lostBefore += vcpu.stamped().lostData();
    vcpu = newVcpu();
    return 1;
  }

  /** At rest: reads every page whose content is known, whoever wrote it. */
  void sweep() {
    vcpu.stamped().sweep();
  }

  /** How many it has been, one after the other. */
  int vcpus() {
    return vcpus;
  }

  long staleUses() {
    return staleBefore + vcpu.vcpu().vcpu().staleUses();
  }

  long lostData() {
    return lostBefore + vcpu.stamped().lostData();
  }
}
