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
 * <p>It is in the guest only inside {@link #access} and {@link #run}, and there only from entry to
 * the access that fails. In the guest it takes no lock and waits for nobody; between any two
 * accesses it serves flush requests and passes a quiescent point.
 */
public final class Vcpu implements AutoCloseable {
  private final VirtualMachine vm;
  private final TdpMmu mmu;
  private final TlbShootdown shootdown;
  private final ExitHandler exits;
  private final FrameTags tags;
  private final Walker walker;
  private final GuestMode mode;
  private final SoftwareTlb tlb;
  private final long gpaLimit;
  private final PageFault fault = new PageFault();
  private final long[] single = new long[1];

  private VcpuExit exit = VcpuExit.NONE;
  private long staleUses;
  private volatile boolean closed;

  Vcpu(VirtualMachine vm, TlbShootdown shootdown, ExitHandler exits, FrameTags tags) {
    this.vm = vm;
    this.mmu = vm.mmu();
    this.shootdown = shootdown;
    this.exits = exits;
    this.tags = tags;
    this.walker = mmu.newWalker();
    this.mode = shootdown.register();
    this.tlb = new SoftwareTlb(mmu.geometry());
    this.gpaLimit = mmu.geometry().gfnLimit() << Geometry.PAGE_SHIFT;
  }

  /**
   * Makes one access; faults its page in if need be.
   *
   * @param gpa a guest-physical address
   * @return {@link VcpuExit#NONE} if the access was made
   * @throws IllegalArgumentException if the tree has no such address
   * @throws IllegalStateException if the machine or the vCPU is closed, or the machine is bugged
   */
  public VcpuExit access(long gpa, Access access) {
    if (gpa < 0 || gpa >= gpaLimit) {
      throw new IllegalArgumentException(
          String.format("gpa 0x%x is beyond the tree, which ends at 0x%x", gpa, gpaLimit));
    }
    single[0] = GuestAccess.of(gpa, access);
    run(single, 0, 1);
    return exit;
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
  public int run(long[] accesses, int from, int to) {
    Objects.checkFromToIndex(from, to, accesses.length);
    if (closed) {
      throw new IllegalStateException("the vCPU is closed");
    }
    mmu.checkUsable();
    exit = VcpuExit.NONE;
    int at = from;
    while (at < to) {
      at = runInGuest(accesses, at, to);
      if (at < to) {
        long stopped = accesses[at];
        exit = exits.handle(walker, fault, GuestAccess.gfn(stopped), GuestAccess.bits(stopped));
        if (exit != VcpuExit.NONE) {
          break;
        }
      }
    }
    return at;
  }

  /** Why the last {@link #run} stopped. */
  public VcpuExit exit() {
    return exit;
  }

  private int runInGuest(long[] accesses, int from, int to) {
    mode.enterOpaque();
    walker.section().open(); // its full fence is the guest mode's too
    try {
      for (int at = from; at < to; at++) {
        if (shootdown.isPending(mode)) {
          shootdown.serve(mode, tlb);
        }
        walker.section().quiesce();
        if (!touch(GuestAccess.gfn(accesses[at]), GuestAccess.bits(accesses[at]))) {
          return at;
        }
      }
      return to;
    } finally {
      walker.section().close();
      mode.leaveRelease();
    }
  }

  /** Makes an access, if it can be made without an exit. */
  private boolean touch(long gfn, int accessBits) {
    int entry = tlb.find(gfn, accessBits);
    if (entry >= 0) {
      if (tags.isYounger(tlb.frame(entry, gfn), tlb.filledAt(entry))) {
        staleUses++;
      }
      return true;
    }
    long clock = tags.clock();
    long leaf = mmu.access(walker, gfn, accessBits);
    if (leaf == Spte.EMPTY) {
      return false;
    }
    if (tags.isYounger(Spte.pfnOf(leaf, walker.level(), gfn, mmu.geometry()), clock)) {
      staleUses++; // only a walk through a table that was used again too early finds such a leaf
    }
    tlb.fill(gfn, walker.level(), leaf, clock);
    return true;
  }

  /** Its TLB's counts. */
  public SoftwareTlb tlb() {
    return tlb;
  }

  /** Accesses through a translation whose frame had been taken away: zero, or flushes were lost. */
  public long staleUses() {
    return staleUses;
  }

  /**
   * Ends the vCPU. Closing again does nothing.
   *
   * @throws IllegalStateException if it is running
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      walker.close();
      closed = true;
      shootdown.unregister(mode);
      vm.forget(this);
    }
  }
}
