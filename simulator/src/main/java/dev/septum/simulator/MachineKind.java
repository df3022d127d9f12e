package dev.septum.simulator;

/** What kind of machine is simulated. */
public enum MachineKind {
  /** All memory is shared with the host, which maps it by one tree. */
  NORMAL;

  /** As on the command line. */
  @Override
  public String toString() {
    return "normal";
  }
}
