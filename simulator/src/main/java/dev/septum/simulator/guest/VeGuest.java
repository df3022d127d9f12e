package dev.septum.simulator.guest;

import dev.septum.paging.PageLevel;

/** Touches first, and accepts the page that a #VE is about, at 4K; remembers nothing. */
final class VeGuest implements Guest {
  @Override
  public void beforeTouch(GuestVcpu vcpu, long gfn) {}

  @Override
  public boolean accept(GuestVcpu vcpu, long gfn) {
    return vcpu.acceptAround(gfn, PageLevel.LEVEL_4K);
  }
}
