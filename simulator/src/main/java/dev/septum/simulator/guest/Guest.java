package dev.septum.simulator.guest;

/**
 * How a guest comes to its private memory. One for all vCPUs of a machine, which call it at once,
 * each out of the guest.
 */
public interface Guest {
  /** Does what this guest does of its own accord before a page is touched. */
  void beforeTouch(GuestVcpu vcpu, long gfn);

  /**
   * A touch has found its page not accepted.
   *
   * @return whether to touch it again; false to give the access up
   */
  boolean accept(GuestVcpu vcpu, long gfn);
}
