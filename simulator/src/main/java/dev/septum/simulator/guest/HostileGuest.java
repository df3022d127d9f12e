package dev.septum.simulator.guest;

import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;

/**
 * A reckless guest that tries, between its accesses, what it should not: ACCEPTs of any address at
 * any level, touches of any address, with the shared bit and without, in its memory and beyond.
 */
final class HostileGuest implements Guest {
  private static final int ATTACK_ONE_IN = 16;
  private static final int ANYWHERE_ONE_IN = 4;
  private static final PageLevel[] LEVELS = PageLevel.values();
  private static final Access[] ACCESSES = Access.values();

  private final Guest reckless = new RecklessGuest();
  private final GuestMemory memory;

  HostileGuest(GuestMemory memory) {
    this.memory = memory;
  }

  @Override
  public void beforeTouch(GuestVcpu vcpu, long gfn) {
    if (vcpu.random(ATTACK_ONE_IN) == 0) {
      attack(vcpu, gfn);
    }
  }

  @Override
  public boolean accept(GuestVcpu vcpu, long gfn) {
    return reckless.accept(vcpu, gfn);
  }

  private void attack(GuestVcpu vcpu, long gfn) {
    long gpa = address(vcpu, gfn);
    if (vcpu.random(2) == 0) {
      vcpu.accept(gpa & -1L << Geometry.PAGE_SHIFT, LEVELS[vcpu.random(LEVELS.length)]);
    } else {
      vcpu.touchInPassing(gpa, ACCESSES[vcpu.random(ACCESSES.length)]);
    }
  }

  /** Of its block, of its slot, or anywhere; shared or private. */
  private long address(GuestVcpu vcpu, long gfn) {
    GfnRange slot = memory.slotOf(gfn);
    long near =
        switch (vcpu.random(ANYWHERE_ONE_IN)) {
          case 0 -> vcpu.random(vcpu.sharedBit());
          case 1 -> GuestVcpu.gpa(slot.start() + vcpu.random(slot.pages()));
          default -> GuestVcpu.gpa(gfn & -PageBlock.PAGES | vcpu.random(PageBlock.PAGES));
        };
    return vcpu.random(2) == 0 ? near : near | vcpu.sharedBit();
  }
}
