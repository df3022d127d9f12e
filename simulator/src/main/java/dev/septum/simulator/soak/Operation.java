package dev.septum.simulator.soak;

import dev.septum.simulator.guest.PersistentVcpu;
import java.util.Locale;

/** What a thread of a soak does. */
public enum Operation {
  /** A vCPU reads a page. */
  READ,
  /** A vCPU writes a page. */
  WRITE,
  /** A vCPU fetches from a page. */
  EXECUTE,
  /** A vCPU accepts memory, on the way to an access or of its own accord. */
  ACCEPT,
  /** A vCPU is closed, and another one takes its place. */
  VCPU,
  /** The host splits mappings to 4K. */
  SPLIT,
  /** The host merges mappings to 2M. */
  MERGE,
  /** The host maps a range before anyone touches it. */
  PREFAULT,
  /** The host unmaps a range. */
  ZAP,
  /** The host gives back tables in which nothing is mapped. */
  TRIM,
  /** A slot appears. */
  SLOT_ADD,
  /** A slot moves. */
  SLOT_MOVE,
  /** A slot goes. */
  SLOT_DELETE,
  /** A range of private memory becomes shared. */
  SHARED,
  /** It becomes private again. */
  PRIVATE,
  /** A hole is punched in guest_memfd. */
  PUNCH,
  /** The host merges private mappings to 2M. */
  PROMOTE,
  /** The scanner looks at further blocks, and promotes those that are full. */
  SCAN;

  /** Whether a vCPU does it to a page; its result is the ordinal of an outcome. */
  boolean isAccess() {
    return this == READ || this == WRITE || this == EXECUTE;
  }

  /** A result in words. */
  String describe(long result) {
    return isAccess()
        ? PersistentVcpu.Outcome.values()[(int) result].name().toLowerCase(Locale.ROOT)
        : Long.toString(result);
  }

  /** As in reports. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
