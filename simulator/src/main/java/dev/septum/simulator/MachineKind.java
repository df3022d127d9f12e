package dev.septum.simulator;

import java.util.Locale;

/** What kind of machine is simulated. */
public enum MachineKind {
  /** All memory is shared with the host, which maps it by one tree. */
  NORMAL,
  /** A trust domain: its memory is private, and the TDX module maps it. */
  TD;

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
