package dev.septum.simulator.replay;

import dev.septum.paging.PageLevel;
import dev.septum.simulator.input.Trace;

/**
 * What is to be replayed, and how.
 *
 * @param trace what the vCPUs do
 * @param layout where the guest has memory
 * @param backing the pages that the host's memory comes in: 4K, 2M or 1G
 * @param repeat how often each vCPU does it
 * @param churn the host's changes of mappings a second; 0 for none
 * @param lostFlushes how many of all TLB flushes are lost on purpose, 0 to 1
 * @param seed of all random choices
 * @param maxTables the most tables that the tree may have
 */
public record ReplayPlan(
    Trace trace,
    GuestLayout layout,
    PageLevel backing,
    int repeat,
    int churn,
    double lostFlushes,
    long seed,
    int maxTables) {

  /** The accesses that all vCPUs make. */
  public long accesses() {
    return trace.accesses() * repeat;
  }
}
