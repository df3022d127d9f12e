package dev.septum.simulator.guest;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.vm.VcpuExit;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Accepts lazily, in blocks of 2M before the first touch: at 1G once, which the module refuses,
 * then at 2M, then what is not accepted page by page. ACCEPTs in a block are made by one vCPU at a
 * time, and remembered. It knows what the host does to its pages, as if it had asked for it: what
 * is shared it does not try to accept, and what was taken and is back it accepts before the next
 * touch.
 */
final class LinuxGuest implements Guest {
  private static final int GIB_SHIFT = 18;
  private static final long GIB_PAGES = 1L << GIB_SHIFT;

  private final GuestMemory memory;
  private final Set<Long> triedWhole = ConcurrentHashMap.newKeySet();

  LinuxGuest(GuestMemory memory) {
    this.memory = memory;
  }

  @Override
  public void beforeTouch(GuestVcpu vcpu, long gfn) {
    PageBlock block = memory.block(gfn);
    int page = PageBlock.page(gfn);
    if (!block.isSettled(page) && !block.isBeingTaken(page)) {
      acceptBlock(vcpu, gfn, block);
    }
  }

  /** The page was taken since it was looked at; or another vCPU has accepted it meanwhile. */
  @Override
  public boolean accept(GuestVcpu vcpu, long gfn) {
    PageBlock block = memory.block(gfn);
    int page = PageBlock.page(gfn);
    if (!block.isSettled(page)) {
      acceptBlock(vcpu, gfn, block);
    } else if (vcpu.isRefusedAgain(gfn)) {
      block.forgetSettledRelease(page); // gone, and nobody took it
      acceptBlock(vcpu, gfn, block);
    }
    return true;
  }

  private void acceptBlock(GuestVcpu vcpu, long gfn, PageBlock block) {
    long first = gfn & -PageBlock.PAGES;
    GfnRange slot = memory.slotOf(gfn);
    synchronized (block) {
      if (block.isSettled(PageBlock.page(gfn))) {
        return;
      }
      if (slot.contains(GfnRange.ofPages(first, PageBlock.PAGES)) && isNothingSettled(block)) {
        tryWhole(vcpu, gfn & -GIB_PAGES, slot);
        if (acceptLarge(vcpu, first, block)) {
          return;
        }
      }
      long end = Math.min(first + PageBlock.PAGES, slot.end());
      for (long at = first; at < end; at++) {
        if (at == gfn || !block.isBeingTaken(PageBlock.page(at))) {
          acceptSmall(vcpu, at, block);
        }
      }
    }
  }

  private static boolean isNothingSettled(PageBlock block) {
    for (int page = 0; page < PageBlock.PAGES; page++) {
      if (block.isSettled(page)) {
        return false;
      }
    }
    return true;
  }

  private void tryWhole(GuestVcpu vcpu, long first, GfnRange slot) {
    if (slot.contains(GfnRange.ofPages(first, GIB_PAGES)) && triedWhole.add(first)) {
      vcpu.accept(GuestVcpu.gpa(first), PageLevel.LEVEL_1G);
    }
  }

  private static boolean acceptLarge(GuestVcpu vcpu, long first, PageBlock block) {
    int[] taken = new int[PageBlock.PAGES];
    for (int page = 0; page < PageBlock.PAGES; page++) {
      taken[page] = block.takenAcquire(page);
    }
    if (vcpu.accept(GuestVcpu.gpa(first), PageLevel.LEVEL_2M) != SeamcallStatus.SUCCESS) {
      return false;
    }
    for (int page = 0; page < PageBlock.PAGES; page++) {
      block.noteSettledRelease(page, taken[page]);
    }
    return true;
  }

  private static void acceptSmall(GuestVcpu vcpu, long gfn, PageBlock block) {
    int page = PageBlock.page(gfn);
    int taken = block.takenAcquire(page);
    if (block.isSettled(page)) {
      return;
    }
    long status = vcpu.accept(GuestVcpu.gpa(gfn), PageLevel.LEVEL_4K);
    if (status == SeamcallStatus.SUCCESS
        || SeamcallStatus.detail(status) == SeamcallStatus.PAGE_ALREADY_ACCEPTED
        || vcpu.exit() == VcpuExit.MEMORY_FAULT) {
      block.noteSettledRelease(page, taken);
    }
  }
}
