package dev.septum.tdx;

/** How a guest's access, or its call, ended. */
public enum GuestOutcome {
  /** The access is made; or the call came back, with its status in RAX. */
  RETURNED,
  /**
   * The call was interrupted on its way: RIP has not advanced, so it is made again, and goes on.
   */
  NOT_ADVANCED,
  /** The guest has got a #VE. */
  INJECTED_VE,
  /** The guest has got a #DF: a #VE came before it had read the last one. */
  INJECTED_DF,
  /** The vCPU is outside; the exit says why. */
  TD_EXIT
}
