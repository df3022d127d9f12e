package dev.septum.td;

import dev.septum.Crew;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** vCPUs on threads of their own, which look for kicks between two things that they do. */
final class PolledVcpus implements VcpuKicker {
  private final List<Guest> guests = new CopyOnWriteArrayList<>();
  private final AtomicLong kicks = new AtomicLong();
  volatile boolean excluded;

  /** One vCPU; its visits to the guest are counted twice, when it enters and when it has left. */
  final class Guest {
    final TdVcpu vcpu;
    private final TdxModule module;
    private final SeamcallRegisters call = new SeamcallRegisters();
    private final AtomicLong visits = new AtomicLong();
    private long kicksSeen;

    Guest(TdxModule module, TdVcpu vcpu) {
      this.module = module;
      this.vcpu = vcpu;
      guests.add(this);
    }

    /** Whether it is in the guest now; not, if it is kept out, or something was busy. */
    boolean tryEnter() {
      visits.incrementAndGet();
      kicksSeen = kicks.get();
      if (!excluded) {
        long status = module.seamcall(call, TdxLeaf.VP_ENTER, vcpu.tdvpr());
        if (status != SeamcallStatus.SUCCESS
            && SeamcallStatus.detail(status) != SeamcallStatus.OPERAND_BUSY) {
          throw new AssertionError("VP.ENTER: " + SeamcallStatus.describe(status));
        }
        if (vcpu.isInside()) {
          return true;
        }
      }
      visits.incrementAndGet();
      return false;
    }

    boolean mustLeave() {
      return excluded || kicks.get() != kicksSeen;
    }

    void leave() {
      if (vcpu.isInside()) {
        module.guest().exit(vcpu, 0);
      }
      visits.incrementAndGet();
    }

    private void awaitOut() {
      long seen = visits.get();
      if ((seen & 1) != 0) {
        Crew.await("a vCPU to leave", () -> visits.get() != seen);
      }
    }
  }

  /** The vCPUs of a TD that is gone. */
  void forget() {
    guests.clear();
  }

  @Override
  public void kick() {
    kicks.incrementAndGet();
    guests.forEach(Guest::awaitOut);
  }

  @Override
  public void exclude() {
    excluded = true;
    guests.forEach(Guest::awaitOut);
  }

  @Override
  public void admit() {
    excluded = false;
  }
}
