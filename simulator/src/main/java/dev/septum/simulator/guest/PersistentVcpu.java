package dev.septum.simulator.guest;

import dev.septum.paging.Access;
import dev.septum.vm.VcpuExit;
import java.util.function.BooleanSupplier;

/**
 * A vCPU that makes each access with the help of its guest, until it is made or given up. A page
 * that is shared just now is touched as shared memory, which holds no stamp. Used by one thread at
 * a time.
 */
public final class PersistentVcpu {
  private final GuestVcpu vcpu;
  private final StampedVcpu stamped;
  private final Guest guest;

  /** What became of an access. */
  public enum Outcome {
    /** It was made. */
    MADE,
    /** It was made, as one of shared memory. */
    SHARED,
    /** It would never have ended. */
    GIVEN_UP,
    /** No memory slot answers it. */
    MMIO,
    /** The run ended before the access was made. */
    STOPPED
  }

  /** A vCPU, its checked accesses, and who helps it. */
  public PersistentVcpu(GuestVcpu vcpu, StampedVcpu stamped, Guest guest) {
    this.vcpu = vcpu;
    this.stamped = stamped;
    this.guest = guest;
  }

  /** The vCPU. */
  public GuestVcpu vcpu() {
    return vcpu;
  }

  /** Its checked accesses. */
  public StampedVcpu stamped() {
    return stamped;
  }

  /**
   * Makes one access.
   *
   * @param goesOn whether to try again; asked before each try
   */
  public Outcome make(long gfn, Access access, BooleanSupplier goesOn) {
    guest.beforeTouch(vcpu, gfn);
    while (goesOn.getAsBoolean()) {
      switch (stamped.make(gfn, access)) {
        case NONE -> {
          return Outcome.MADE;
        }
        case UNACCEPTED -> {
          if (!guest.accept(vcpu, gfn)) {
            return Outcome.GIVEN_UP;
          }
        }
        case VIRTUALIZATION_EXCEPTION -> {
          vcpu.takeVeInfo();
          if (!guest.accept(vcpu, gfn)) {
            return Outcome.GIVEN_UP;
          }
        }
        case MEMORY_FAULT -> {
          if (vcpu.touchShared(gfn, access) == VcpuExit.NONE) {
            return Outcome.SHARED;
          }
        }
        case ENDLESS_VIOLATION -> {
          return Outcome.GIVEN_UP;
        }
        case MMIO -> {
          return Outcome.MMIO;
        }
      }
    }
    return Outcome.STOPPED;
  }
}
