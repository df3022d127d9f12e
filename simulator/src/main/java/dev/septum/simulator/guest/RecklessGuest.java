package dev.septum.simulator.guest;

import dev.septum.paging.PageLevel;

/**
 * Accepts at 4K or 2M, as it comes, what it finds not accepted, and now and then what it has not
 * looked at; several vCPUs in one block at once.
 */
final class RecklessGuest implements Guest {
  private static final int BLIND_ONE_IN = 64;

  @Override
  public void beforeTouch(GuestVcpu vcpu, long gfn) {
    if (vcpu.random(BLIND_ONE_IN) == 0) {
      accept(vcpu, gfn);
    }
  }

  @Override
  public boolean accept(GuestVcpu vcpu, long gfn) {
    return vcpu.acceptAround(gfn, vcpu.random(2) == 0 ? PageLevel.LEVEL_4K : PageLevel.LEVEL_2M);
  }
}
