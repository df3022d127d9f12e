package dev.septum.vm;

import dev.septum.memory.FrameTags;
import dev.septum.mmu.PageFault;
import dev.septum.mmu.TdpMmu;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.Spte;
import java.util.Objects;

/**
 * A virtual CPU: makes a guest's accesses, one after the other, through its TLB and the tree, and
 * has its faults handled. Used by one thread at a time.
 *
 * <p>It is in the guest only inside {@link #access}, {@link #run} and what a trust domain's guest
 * calls, and there only from entry to the access that fails. In the guest it takes no lock and
 * waits for nobody; between any two accesses it looks for requests and passes a quiescent point.
 */
public abstract sealed class Vcpu implements AutoCloseable permits NormalVcpu, TrustDomainVcpu {
  private static final long NO_FRAME = -1;

  final TdpMmu mmu;
  final TlbShootdown shootdown;
  final FrameTags tags;
  final Walker walker;
  final GuestMode mode;
  final PageFault fault = new PageFault();

  private final VirtualMachine vm;
  private final SoftwareTlb tlb;
  private final long gpaLimit;
  private final long[] single = new long[1];

  private VcpuExit exit = VcpuExit.NONE;
  private long staleUses;
  private volatile boolean closed;

  Vcpu(VirtualMachine vm, TlbShootdown shootdown, FrameTags tags) {
    this.vm = vm;
    this.mmu = vm.mmu();
    this.shootdown = shootdown;
    this.tags = tags;
    this.walker = mmu.newWalker();
    this.mode = shootdown.register();
    this.tlb = vm.newTlb();
    this.gpaLimit = mmu.geometry().gfnLimit() << Geometry.PAGE_SHIFT;
  }

  /**
   * Makes one access; faults its page in if need be.
   *
   * @param gpa a guest-physical address; in a trust domain with the shared bit, or without it for
   *     private memory
   * @return {@link VcpuExit#NONE} if the access was made
   * @throws IllegalArgumentException if the tree has no such address
   * @throws IllegalStateException if the machine or the vCPU is closed, or the machine is bugged
   */
  public final VcpuExit access(long gpa, Access access) {
    single[0] = GuestAccess.of(checkGpa(gpa), access);
    run(single, 0, 1);
    return exit;
  }

  final long checkGpa(long gpa) {
    if (gpa < 0 || gpa >= gpaLimit) {
      throw new IllegalArgumentException(
          String.format("gpa 0x%x is beyond the tree, which ends at 0x%x", gpa, gpaLimit));
    }
    return gpa;
  }

  /**
   * Makes accesses until all are made or one needs the embedder.
   *
   * @param accesses packed by {@link GuestAccess}; their addresses are in the tree
   * @param from the first
   * @param to one more than the last
   * @return how far it came: {@code to}, or the index of the access that {@link #exit} is about
   * @throws IllegalStateException as {@link #access}
   */
  public final int run(long[] accesses, int from, int to) {
    Objects.checkFromToIndex(from, to, accesses.length);
    checkUsable();
    exit = VcpuExit.NONE;
    int at = from;
    try {
      while (at < to) {
        at = runInGuest(accesses, at, to);
        if (at < to) {
          exit = handle(GuestAccess.gpa(accesses[at]), GuestAccess.bits(accesses[at]));
          if (exit != VcpuExit.NONE) {
            break;
          }
        }
      }
    } finally {
      walker.handOverDead(); // nobody knows when the next run is
    }
    return at;
  }

  final void checkUsable() {
    if (closed) {
      throw new IllegalStateException("the vCPU is closed");
    }
    mmu.checkUsable();
  }

  /** Why the last call stopped. */
  public final VcpuExit exit() {
    return exit;
  }

  final void setExit(VcpuExit why) {
    exit = why;
  }

  /**
   * Enters the guest, makes accesses there, and leaves.
   *
   * @return how far it came; if not to the end, {@link #handle} knows why
   */
  abstract int runInGuest(long[] accesses, int from, int to);

  /** Out of the guest: does what is needed before an access is tried again. */
  abstract VcpuExit handle(long gpa, int accessBits);

  /**
   * Makes an access through the direct root, if it can be made without an exit.
   *
   * @return the host frame; negative if it cannot be made
   */
  final long touchDirect(long gfn, int accessBits) {
    int entry = tlb.find(gfn, accessBits);
    if (entry >= 0) {
      long frame = tlb.frame(entry, gfn);
      judge(frame, tlb.filledAt(entry));
      return frame;
    }
    long clock = tags.clock();
    long leaf = mmu.access(walker, gfn, accessBits);
    if (leaf == Spte.EMPTY) {
      return NO_FRAME;
    }
    // Only a walk through a table that was used again too early finds a leaf that is stale.
    long frame = Spte.pfnOf(leaf, walker.level(), gfn, mmu.geometry());
    judge(frame, clock);
    tlb.fill(gfn, walker.level(), leaf, clock);
    return frame;
  }

  /** Counts a use of a frame that was taken away after the clock had this value. */
  final void judge(long pfn, long clock) {
    // While the clock stands no tag is younger: the tags, lines of their own, are not looked at.
    if (clock != tags.clock() && tags.isYounger(pfn, clock)) {
      staleUses++;
    }
  }

  /** The counts of its TLB; in a trust domain, of the one for shared memory. */
  public final SoftwareTlb tlb() {
    return tlb;
  }

  /** Accesses through a translation whose frame had been taken away: zero, or flushes were lost. */
  public final long staleUses() {
    return staleUses;
  }

  /**
   * Ends the vCPU. Closing again does nothing.
   *
   * @throws IllegalStateException if it is running
   */
  @Override
  public final synchronized void close() {
    if (!closed) {
      walker.close();
      closed = true;
      shootdown.unregister(mode);
      vm.forget(this);
    }
  }
}
