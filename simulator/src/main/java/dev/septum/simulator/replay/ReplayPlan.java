package dev.septum.simulator.replay;

import dev.septum.paging.PageLevel;
import dev.septum.simulator.input.Trace;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is to be replayed, and how.
 *
 * @param trace what the vCPUs do
 * @param layout where the guest has memory
 * @param backing the pages that the host's memory comes in: 4K, 2M or 1G
 * @param repeat how often each vCPU does it
 * @param churn the host's changes of mappings a second; 0 for none
 * @param injected what goes wrong on purpose, and with which probability
 * @param seed of all random choices
 * @param maxTables the most tables that the tree may have
 * @param isTlbOn whether vCPUs keep translations; else every access walks
 * @param trustDomain what is particular to a trust domain; null for a normal VM
 */
public record ReplayPlan(
    Trace trace,
    GuestLayout layout,
    PageLevel backing,
    int repeat,
    int churn,
    Map<Injection, Double> injected,
    long seed,
    int maxTables,
    boolean isTlbOn,
    @Nullable TrustDomainPlan trustDomain) {

  /** A plan whose injections these are. */
  public ReplayPlan {
    Map<Injection, Double> inOrder = new EnumMap<>(Injection.class);
    inOrder.putAll(injected);
    injected = Collections.unmodifiableMap(inOrder);
  }

  /** With which probability something goes wrong on purpose, 0 to 1. */
  public double probability(Injection kind) {
    return injected.getOrDefault(kind, 0.0);
  }

  /** The accesses that all vCPUs make. */
  public long accesses() {
    return trace.accesses() * repeat;
  }
}
