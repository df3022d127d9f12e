package dev.septum.vm;

import dev.septum.memory.FrameContent;
import dev.septum.memory.FrameTags;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.sync.SpinWait;
import dev.septum.tdx.GuestOutcome;
import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdVcpu;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxModule;

/**
 * A vCPU of a trust domain. Shared memory (addresses with the shared bit) it reaches as any vCPU
 * does; private memory through the Secure EPT, which it walks without a lock, and through a TLB of
 * its own that only TDH.VP.ENTER in another epoch makes it drop.
 *
 * <p>It is in the guest between TDH.VP.ENTER and the exit. A request brings it out, and in again;
 * while the gate is closed it waits outside. Used by one thread at a time.
 */
public final class TrustDomainVcpu extends Vcpu {
  /** What {@link #accept} returns if the vCPU could not go on; {@link #exit} says why. */
  public static final long NOT_COMPLETED = -1;

  private static final long KICK = 0;

  /** Why the guest was left before all accesses were made. */
  private enum Stop {
    REQUEST,
    SHARED_VIOLATION,
    TD_EXIT,
    VIRTUALIZATION_EXCEPTION
  }

  /** What is done with the content of a page that an access reaches. */
  private enum Transfer {
    NONE,
    LOAD,
    STORE
  }

  private final ExitHandler exits;
  private final TrustDomainHost host;
  private final TdxModule module;
  private final TdVcpu cpu;
  private final VcpuGate gate;
  private final FrameContent content;
  private final long sharedBit;
  private final SoftwareTlb privateTlb;
  private final SeamcallRegisters entering = new SeamcallRegisters();
  private final SeamcallRegisters walking = new SeamcallRegisters();
  private final ViolationWatch watch = new ViolationWatch();

  private Stop stop = Stop.REQUEST;
  private Transfer transfer = Transfer.NONE;
  private long transferred;
  private long steps;
  private long entries;

  TrustDomainVcpu(
      VirtualMachine vm,
      TlbShootdown shootdown,
      ExitHandler exits,
      FrameTags tags,
      TrustDomainHost host,
      TdVcpu cpu) {
    super(vm, shootdown, tags);
    this.exits = exits;
    this.host = host;
    this.module = host.module();
    this.cpu = cpu;
    this.gate = host.gate();
    this.content = host.content();
    this.sharedBit = host.sharedBit();
    this.privateTlb = vm.newTlb();
  }

  TdVcpu cpu() {
    return cpu;
  }

  /** What it last exited for again and again. */
  ViolationWatch watch() {
    return watch;
  }

  /** The counts of its TLB for private memory. */
  public SoftwareTlb privateTlb() {
    return privateTlb;
  }

  /** How often it called TDH.VP.ENTER, whatever the status; exact for the thread that runs it. */
  public long entries() {
    return entries;
  }

  /** The guest-physical address of the last #VE. */
  public long veGpa() {
    return cpu.veGpa();
  }

  // What a guest does.

  /**
   * TDG.MEM.PAGE.ACCEPT, until it comes back to the guest. Blocking where its exits are handled.
   *
   * @param gpa a private address of a page; the module refuses one not aligned to the level
   * @param level 4K or 2M; the module refuses others
   * @return the status that the guest has in RAX; {@link #NOT_COMPLETED} if it did not come back,
   *     and then {@link #exit} says why
   * @throws IllegalArgumentException if it is no page's address
   * @throws IllegalStateException as {@link #access}
   * @throws dev.septum.paging.TableArenaFullException if a table is wanted and none is left
   */
  public long accept(long gpa, PageLevel level) {
    if ((checkGpa(gpa) & (1L << Geometry.PAGE_SHIFT) - 1) != 0) {
      throw new IllegalArgumentException(String.format("gpa 0x%x is not of a page", gpa));
    }
    checkUsable();
    setExit(VcpuExit.NONE);
    do {
      cpu.setRip(steps);
      if (enter()) {
        GuestOutcome outcome;
        try {
          outcome = module.guest().accept(cpu, gpa | (level.number() - 1));
        } finally {
          leave();
        }
        if (outcome == GuestOutcome.RETURNED) {
          host.anomalies().noteAccept(cpu.guestRax(), gpa, level);
          watch.reset();
          steps++;
          return cpu.guestRax();
        }
        stop = outcome == GuestOutcome.TD_EXIT ? Stop.TD_EXIT : Stop.REQUEST;
      }
      setExit(handle(gpa, Access.WRITE.bit()));
    } while (exit() == VcpuExit.NONE);
    return NOT_COMPLETED;
  }

  /**
   * Reads a page's content, as {@link #access} reads.
   *
   * @param gpa private, or with the shared bit
   * @return what was last stored there; 0 also if the access was not made, and then {@link #exit}
   *     is not NONE
   */
  public long load(long gpa) {
    return transfer(gpa, Access.READ, Transfer.LOAD, 0);
  }

  /** Writes a page's content, as {@link #access} writes. */
  public VcpuExit store(long gpa, long value) {
    long unused = transfer(gpa, Access.WRITE, Transfer.STORE, value);
    return exit();
  }

  private long transfer(long gpa, Access access, Transfer how, long value) {
    transfer = how;
    transferred = value;
    try {
      return access(gpa, access) == VcpuExit.NONE ? transferred : 0;
    } finally {
      transfer = Transfer.NONE;
    }
  }

  /** The guest reads what its #VE was about, so that it can have another. */
  public void takeVeInfo() {
    cpu.takeVeInfo();
  }

  // In the guest.

  @Override
  int runInGuest(long[] accesses, int from, int to) {
    cpu.setRip(steps);
    if (!enter()) {
      return from;
    }
    try {
      for (int at = from; at < to; at++) {
        if (shootdown.isPending(mode)) {
          stop = Stop.REQUEST;
          return at;
        }
        walker.section().quiesce();
        cpu.setRip(steps);
        if (!touch(GuestAccess.gpa(accesses[at]), GuestAccess.bits(accesses[at]))) {
          return at;
        }
        watch.reset(); // what exits now and then between accesses that succeed is not endless
        steps++;
      }
      return to;
    } finally {
      leave();
    }
  }

  /**
   * Enters the guest, once it may.
   *
   * @return false if the module had an exit for it at once
   */
  private boolean enter() {
    host.checkRunnable();
    for (int tries = 0; ; tries++) {
      gate.await();
      mode.enterRelease();
      walker.section().open(); // its full fence is the guest mode's, and the gate's, too
      boolean entered = false;
      try {
        if (shootdown.isPending(mode)) {
          shootdown.serve(mode, tlb());
        }
        // Behind the serving, which lets go of who waits for a request: one who closes the gate now
        // has made a later request, and waits for it to be served.
        if (!gate.isClosed()) {
          entries++;
          long status = module.seamcall(entering, TdxLeaf.VP_ENTER, cpu.tdvpr());
          entered = cpu.isInside();
          if (!entered && status == SeamcallStatus.SUCCESS) {
            stop = Stop.TD_EXIT;
            return false;
          }
          if (!entered) {
            host.checkBusy(status, "TDH.VP.ENTER", entering);
          }
        }
      } finally {
        if (!entered) {
          stepOut();
        }
      }
      if (entered) {
        if (cpu.takeFlush()) {
          privateTlb.flushAll();
        }
        return true;
      }
      SpinWait.pause(tries);
    }
  }

  /** Leaves the guest, unless an exit has done so. */
  private void leave() {
    if (cpu.isInside()) {
      module.guest().exit(cpu, KICK);
    }
    stepOut();
  }

  private void stepOut() {
    walker.section().close();
    mode.leaveRelease();
  }

  private boolean touch(long gpa, int accessBits) {
    return (gpa & sharedBit) == 0
        ? touchPrivate(gpa, accessBits)
        : touchShared((gpa & ~sharedBit) >>> Geometry.PAGE_SHIFT, accessBits);
  }

  private boolean touchShared(long gfn, int accessBits) {
    long pfn = touchDirect(gfn, accessBits);
    if (pfn < 0) {
      stop = Stop.SHARED_VIOLATION;
      return false;
    }
    transfer(pfn);
    return true;
  }

  private void transfer(long pfn) {
    if (transfer == Transfer.STORE) {
      content.writeRelease(pfn, transferred);
    } else if (transfer == Transfer.LOAD) {
      transferred = content.readAcquire(pfn);
    }
  }

  private boolean touchPrivate(long gpa, int accessBits) {
    long gfn = gpa >>> Geometry.PAGE_SHIFT;
    int entry = privateTlb.find(gfn, accessBits);
    long pfn;
    if (entry >= 0) {
      pfn = privateTlb.frame(entry, gfn);
      judge(pfn, privateTlb.filledAt(entry));
    } else {
      long clock = tags.clock();
      GuestOutcome outcome = module.guest().access(cpu, gpa, accessBits, walking);
      if (outcome != GuestOutcome.RETURNED) {
        stop = outcome == GuestOutcome.TD_EXIT ? Stop.TD_EXIT : Stop.VIRTUALIZATION_EXCEPTION;
        return false;
      }
      int level = module.guest().walkLevel(walking) + 1;
      long first = module.guest().walkPfn(walking);
      pfn = first + (gfn & mmu.geometry().pages(level) - 1);
      judge(pfn, clock);
      long leaf = Spte.makeLeaf(first, level, true, Spte.ACCESSED | Spte.DIRTY);
      privateTlb.fill(gfn, level, leaf, clock);
    }
    transfer(pfn);
    return true;
  }

  // Out of it.

  @Override
  VcpuExit handle(long gpa, int accessBits) {
    VcpuExit why =
        switch (stop) {
          case REQUEST -> VcpuExit.NONE;
          case SHARED_VIOLATION ->
              exits.handle(walker, fault, (gpa & ~sharedBit) >>> Geometry.PAGE_SHIFT, accessBits);
          case TD_EXIT -> host.exits().handle(this);
          case VIRTUALIZATION_EXCEPTION -> VcpuExit.VIRTUALIZATION_EXCEPTION;
        };
    if (why != VcpuExit.NONE) {
      steps++; // given up: what the guest does next is another instruction, and no step on the spot
    }
    return why;
  }
}
