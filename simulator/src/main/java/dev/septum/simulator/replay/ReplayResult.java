package dev.septum.simulator.replay;

import dev.septum.mmu.Violation;
import dev.septum.trace.MmuCounter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run came to.
 *
 * @param plan what it was to do
 * @param accesses how many were made; all, unless it failed
 * @param seconds how long the vCPUs ran
 * @param mapped what was mapped at the end
 * @param dirty what of it was dirty; a trust domain has no D but in its shared memory
 * @param counters what the engine has counted
 * @param tables tables of the tree
 * @param tlb what the vCPUs' TLBs have counted
 * @param churned the host's operations
 * @param injected how often something went wrong on purpose; what was not asked for is missing
 * @param violations what the audit found
 * @param failure what ended it early; null if nothing did
 * @param vcpus how each vCPU's thread got on
 * @param trustDomain what a trust domain has counted; null for a normal VM
 */
public record ReplayResult(
    ReplayPlan plan,
    long accesses,
    double seconds,
    PageCounts mapped,
    PageCounts dirty,
    Map<MmuCounter, Long> counters,
    Tables tables,
    Tlb tlb,
    long churned,
    Map<Injection, Long> injected,
    List<Violation> violations,
    @Nullable String failure,
    List<Vcpu> vcpus,
    @Nullable TrustDomainResult trustDomain) {

  /**
   * Tables.
   *
   * @param live linked into the tree
   * @param peak the most that ever were
   * @param waiting unlinked, and waiting for a grace period
   */
  public record Tables(int live, int peak, int waiting) {}

  /**
   * Sums over all vCPUs.
   *
   * @param hits accesses whose translation was there
   * @param misses accesses that walked
   * @param flushes requests served
   * @param staleUses accesses through a translation that should have been flushed
   */
  public record Tlb(long hits, long misses, long flushes, long staleUses) {}

  /**
   * How a vCPU's thread got on.
   *
   * @param vcpu its number
   * @param accesses how many it made
   * @param cpuSeconds how long it had a CPU for them, wherever the platform tells; else how long it
   *     took
   */
  public record Vcpu(int vcpu, long accesses, double cpuSeconds) {
    /** Accesses a second of a CPU. */
    public double accessesPerSecond() {
      return cpuSeconds > 0 ? accesses / cpuSeconds : 0;
    }
  }

  /** One of the engine's counters. */
  public long count(MmuCounter counter) {
    return counters.getOrDefault(counter, 0L);
  }

  /** How often something went wrong on purpose. */
  public long injected(Injection kind) {
    return injected.getOrDefault(kind, 0L);
  }

  /** Accesses a second. */
  public double accessesPerSecond() {
    return seconds > 0 ? accesses / seconds : 0;
  }

  /** In words, why this run is not one to trust; null if it is. */
  public @Nullable String verdict() {
    if (failure != null) {
      return failure;
    }
    long lost = trustDomain == null ? 0 : trustDomain.lostData();
    if (violations.isEmpty() && tlb.staleUses() == 0 && lost == 0) {
      return null;
    }
    return tlb.staleUses()
        + " stale uses of a translation, "
        + violations.size()
        + " violations found by the audit"
        + (trustDomain == null ? "" : ", " + lost + " pages of lost data");
  }
}
