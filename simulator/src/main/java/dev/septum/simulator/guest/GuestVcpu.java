package dev.septum.simulator.guest;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.sync.SpinWait;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VcpuExit;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;

/** A vCPU as its guest's software sees it. Counts its exits. Used by one thread at a time. */
public final class GuestVcpu {
  private static final VcpuExit[] EXITS = VcpuExit.values();

  private final TrustDomainVcpu vcpu;
  private final SplittableRandom random;
  private final long sharedBit;
  private final AcceptListener listener;
  private final long[] exits = new long[EXITS.length];
  private long refused = -1;

  /** Is told of each ACCEPT. */
  @FunctionalInterface
  public interface AcceptListener {
    /**
     * An ACCEPT has ended.
     *
     * @param gpa as the guest gave it
     * @param status as {@link TrustDomainVcpu#accept} returned it
     */
    void accepted(long gpa, PageLevel level, long status);
  }

  /**
   * A vCPU.
   *
   * @param random of whatever its guest decides by chance
   * @param sharedBit the address bit of shared memory, in place
   */
  public GuestVcpu(TrustDomainVcpu vcpu, SplittableRandom random, long sharedBit) {
    this(vcpu, random, sharedBit, (gpa, level, status) -> {});
  }

  /** As the other; its ACCEPTs are told. */
  public GuestVcpu(
      TrustDomainVcpu vcpu, SplittableRandom random, long sharedBit, AcceptListener listener) {
    this.vcpu = vcpu;
    this.random = random;
    this.sharedBit = sharedBit;
    this.listener = listener;
  }

  /** A random number below a bound. */
  int random(int bound) {
    return random.nextInt(bound);
  }

  long random(long bound) {
    return random.nextLong(bound);
  }

  /** The address bit of shared memory, in place. */
  long sharedBit() {
    return sharedBit;
  }

  /** ACCEPTs a page as long as its entry is busy. Returns as {@link TrustDomainVcpu#accept}. */
  long accept(long gpa, PageLevel level) {
    for (int tries = 0; ; tries++) {
      long status = vcpu.accept(gpa, level);
      if (status == TrustDomainVcpu.NOT_COMPLETED
          || SeamcallStatus.detail(status) != SeamcallStatus.OPERAND_BUSY) {
        count(vcpu.exit());
        listener.accepted(gpa, level, status);
        return status;
      }
      SpinWait.pause(tries);
    }
  }

  /** ACCEPTs the page or block of a gfn; returns whether there is sense in another touch. */
  boolean acceptAround(long gfn, PageLevel level) {
    long first = level == PageLevel.LEVEL_4K ? gfn : gfn & -PageBlock.PAGES;
    return accept(gpa(first), level) != TrustDomainVcpu.NOT_COMPLETED
        || vcpu.exit() != VcpuExit.ENDLESS_VIOLATION;
  }

  /** Touches an address, private or shared; what is there stays. */
  VcpuExit touch(long gpa, Access access) {
    return count(vcpu.access(gpa, access));
  }

  /** Touches an address for the touch's sake: a #VE is taken note of, and no more. */
  void touchInPassing(long gpa, Access access) {
    if (touch(gpa, access) == VcpuExit.VIRTUALIZATION_EXCEPTION) {
      takeVeInfo();
    }
  }

  /** Touches a page as shared memory. */
  public VcpuExit touchShared(long gfn, Access access) {
    return touch(gpa(gfn) | sharedBit, access);
  }

  /** Reads a page; {@link #exit} says whether it could. */
  long load(long gfn) {
    long found = vcpu.load(gpa(gfn));
    count(vcpu.exit());
    return found;
  }

  VcpuExit store(long gfn, long value) {
    return count(vcpu.store(gpa(gfn), value));
  }

  VcpuExit exit() {
    return vcpu.exit();
  }

  /** Reads what its #VE was about. */
  public void takeVeInfo() {
    vcpu.takeVeInfo();
  }

  /** Notes that a touch was refused; returns whether the one before it was, of the same page. */
  boolean isRefusedAgain(long gfn) {
    boolean again = refused == gfn;
    refused = gfn;
    return again;
  }

  static long gpa(long gfn) {
    return gfn << Geometry.PAGE_SHIFT;
  }

  private VcpuExit count(VcpuExit exit) {
    exits[exit.ordinal()]++;
    return exit;
  }

  /** How often it stopped, by reason; exact once its thread has ended. */
  public Map<VcpuExit, Long> exits() {
    Map<VcpuExit, Long> counts = new EnumMap<>(VcpuExit.class);
    for (VcpuExit exit : EXITS) {
      if (exit != VcpuExit.NONE) {
        counts.put(exit, exits[exit.ordinal()]);
      }
    }
    return counts;
  }

  /** The engine's. */
  public TrustDomainVcpu vcpu() {
    return vcpu;
  }
}
