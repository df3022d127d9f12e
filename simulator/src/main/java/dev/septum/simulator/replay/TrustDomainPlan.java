package dev.septum.simulator.replay;

import dev.septum.simulator.guest.GuestKind;
import dev.septum.td.AcceptPolicy;
import java.util.Locale;

/**
 * What is particular to a replay in a trust domain.
 *
 * @param guest how the guest comes to its memory
 * @param faultSplit what becomes of a mapping larger than an ACCEPT wants it
 * @param conversions conversions to shared and back for each million of accesses; 0 for none
 * @param punches holes for each million of accesses; 0 for none
 * @param promotes whether the host merges private mappings in the background
 */
public record TrustDomainPlan(
    GuestKind guest, AcceptPolicy faultSplit, int conversions, int punches, boolean promotes) {
  /** The most vCPUs that a trust domain has. */
  public static final int MAX_VCPUS = 512;

  /** Pages of 4 KiB that a trust domain's memory may have: 16 TiB. */
  public static final long MAX_PAGES = 1L << 32;

  private static final long MILLION = 1_000_000;

  /** The policy, as the command line has it. */
  public String policy() {
    return faultSplit.name().toLowerCase(Locale.ROOT);
  }

  /** Promotion, as the command line has it. */
  public String promotion() {
    return promotes ? "on" : "off";
  }

  /** How many conversions belong to so many accesses. */
  long conversionsIn(long accesses) {
    return accesses * conversions / MILLION;
  }

  /** How many holes belong to so many accesses. */
  long punchesIn(long accesses) {
    return accesses * punches / MILLION;
  }

  /** After how many accesses one of them is due, at a rate of so many for a million. */
  static long dueAt(long number, int rate) {
    return rate == 0 ? Long.MAX_VALUE : (number + 1) * MILLION / rate;
  }
}
