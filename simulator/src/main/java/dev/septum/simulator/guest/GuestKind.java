package dev.septum.simulator.guest;

import java.util.Locale;

/** The guests there are. */
public enum GuestKind {
  /** Accepts before it touches, as large as it can, one vCPU at a time in a block of 2M. */
  LINUX(true),
  /** Touches, and accepts 4K when it gets a #VE. */
  VE(false),
  /** Accepts a block at whatever level, on several vCPUs at once, accepted or not. */
  RECKLESS(true),
  /** The same, and tries what it should not between its accesses. */
  HOSTILE(false);

  private final boolean septVeDisable;

  GuestKind(boolean septVeDisable) {
    this.septVeDisable = septVeDisable;
  }

  /** Whether a touch of unaccepted memory exits; else the guest gets a #VE. */
  public boolean isSeptVeDisabled() {
    return septVeDisable;
  }

  /** A guest that has accepted nothing. */
  public Guest newGuest(GuestMemory memory) {
    return switch (this) {
      case LINUX -> new LinuxGuest(memory);
      case VE -> new VeGuest();
      case RECKLESS -> new RecklessGuest();
      case HOSTILE -> new HostileGuest(memory);
    };
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
