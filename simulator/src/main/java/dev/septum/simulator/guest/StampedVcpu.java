package dev.septum.simulator.guest;

import dev.septum.paging.Access;
import dev.septum.vm.VcpuExit;

/*
 * WHAT IS LOST DATA
 *
 * Each write puts a stamp of its own into its page, and notes it while it holds the page: the last stamp is
 * what the page must hold, unless the host has taken it. Whether the host has is told by the page's count,
 * which moves before the host begins and after it has ended.
 *
 *   - A write is known at the count that was read before it and after it, if that is the same, and even. Else
 *     the host was at it, and the page may hold the stamp or nothing.
 *   - A later access that finds anything else than the stamp, or no page, looks at the count behind that. If
 *     it is the one at which the write is known, the host has not begun to take the page: its content is lost.
 *     The other way round, whoever sees what the host has done sees its count (see the package's table).
 *   - A page that is not known may be empty or have the last stamp; any third value was never written there.
 *
 * Each access looks before it writes, so nothing is written over a loss; and at rest every known page is read
 * once more. A vCPU that meets a page that another holds touches it all the same, so that the two race in the
 * engine, and makes its own checked access behind.
 */

/**
 * The accesses of one vCPU to its private memory, each checked. See the essay at the top of the
 * file. Used by one thread at a time.
 */
public final class StampedVcpu {
  private static final int VCPU_SHIFT = 48;

  private final GuestVcpu vcpu;
  private final GuestMemory memory;
  private long stamp;
  private long lost;

  /**
   * A vCPU that has written nothing.
   *
   * @param number tells its stamps from other vCPUs'; from 0
   */
  public StampedVcpu(GuestVcpu vcpu, GuestMemory memory, int number) {
    this.vcpu = vcpu;
    this.memory = memory;
    this.stamp = (long) (number + 1) << VCPU_SHIFT;
  }

  /**
   * Makes an access. Blocking while another vCPU holds the page.
   *
   * @return NONE if it was made
   */
  public VcpuExit make(long gfn, Access access) {
    PageBlock block = memory.block(gfn);
    int page = PageBlock.page(gfn);
    if (!block.tryHold(page)) {
      vcpu.touchInPassing(GuestVcpu.gpa(gfn), access);
      block.hold(page);
    }
    try {
      VcpuExit exit = access == Access.EXECUTE ? fetch(block, page, gfn) : look(block, page, gfn);
      return exit == VcpuExit.NONE && access == Access.WRITE ? write(block, page, gfn) : exit;
    } finally {
      block.letGoRelease(page);
    }
  }

  private VcpuExit look(PageBlock block, int page, long gfn) {
    long found = vcpu.load(gfn);
    VcpuExit exit = vcpu.exit();
    if (exit != VcpuExit.NONE) {
      return missed(block, page, exit);
    }
    if (found != block.written(page)
        && (found != 0 || block.isKnown(page, block.takenAcquire(page)))) {
      lose(block, page);
      block.noteFound(page, found);
    }
    return exit;
  }

  private VcpuExit fetch(PageBlock block, int page, long gfn) {
    return missed(block, page, vcpu.touch(GuestVcpu.gpa(gfn), Access.EXECUTE));
  }

  private VcpuExit write(PageBlock block, int page, long gfn) {
    int before = block.takenAcquire(page);
    VcpuExit exit = vcpu.store(gfn, ++stamp);
    if (exit == VcpuExit.NONE) {
      block.noteWritten(page, stamp, before, block.takenAcquire(page));
    }
    return missed(block, page, exit);
  }

  /**
   * A page that is not accepted or not private any more, and was not taken, has lost its content.
   * An access that was given up says nothing of it.
   */
  private VcpuExit missed(PageBlock block, int page, VcpuExit exit) {
    boolean isGone =
        exit == VcpuExit.UNACCEPTED
            || exit == VcpuExit.VIRTUALIZATION_EXCEPTION
            || exit == VcpuExit.MEMORY_FAULT;
    if (isGone && block.isKnown(page, block.takenAcquire(page))) {
      lose(block, page);
    }
    return exit;
  }

  private void lose(PageBlock block, int page) {
    lost++;
    block.forgetWritten(page);
  }

  /** At rest: reads every page whose content is known. */
  public void sweep() {
    memory.forEachKnown(gfn -> make(gfn, Access.READ));
  }

  /** How many pages it has found to have lost their content; exact once its thread has ended. */
  public long lostData() {
    return lost;
  }
}
