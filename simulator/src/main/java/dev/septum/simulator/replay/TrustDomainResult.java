package dev.septum.simulator.replay;

import dev.septum.vm.GuestAnomalies;
import dev.septum.vm.VcpuExit;
import java.util.Map;

/**
 * What a run in a trust domain came to, besides. Everything but {@code lostData} was counted before
 * the pages were read for the last time.
 *
 * @param conversions ranges that became shared and private again
 * @param punches holes
 * @param accepted leaves of the Secure EPT that the guest has accepted
 * @param pending leaves that it has yet to accept
 * @param exits why vCPUs stopped, and how often; what their guests attempt included
 * @param givenUp accesses that were given up, each for an endless violation
 * @param seamcalls calls of the module by leaf function, whatever their status
 * @param busyRetries calls by the host that found a lock held
 * @param kicks how often all vCPUs were brought out of the guest
 * @param splitsExclusive mappings split for an ACCEPT under the exclusive lock
 * @param splitsShared mappings split for an ACCEPT under the shared lock
 * @param demotes DEMOTEs that succeeded, for conversions and holes as well
 * @param promotes PROMOTEs that succeeded
 * @param promoteRefused merges that the module refused
 * @param inhibits inhibits of larger mappings that ACCEPTs have set
 * @param anomalies what the guest has done wrong
 * @param exclusiveAcquisitions how often the MMU's lock was taken alone
 * @param lostData pages that lost what was written to them, and were not taken
 */
public record TrustDomainResult(
    long conversions,
    long punches,
    PageCounts accepted,
    PageCounts pending,
    Map<VcpuExit, Long> exits,
    long givenUp,
    Map<String, Long> seamcalls,
    long busyRetries,
    long kicks,
    long splitsExclusive,
    long splitsShared,
    long demotes,
    long promotes,
    long promoteRefused,
    long inhibits,
    Map<GuestAnomalies.Kind, Long> anomalies,
    long exclusiveAcquisitions,
    long lostData) {

  /** ACCEPTs and touches that would never have ended; each was given up. */
  public long endlessViolations() {
    return anomalies.getOrDefault(GuestAnomalies.Kind.ENDLESS_VIOLATION, 0L);
  }
}
