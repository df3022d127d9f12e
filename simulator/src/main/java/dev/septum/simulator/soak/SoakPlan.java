package dev.septum.simulator.soak;

import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.simulator.MachineKind;
import dev.septum.simulator.replay.Injection;
import dev.septum.td.AcceptPolicy;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a machine is to endure.
 *
 * @param kind of machine
 * @param threads of vCPUs, 1 to {@link #MAX_THREADS}; the host's come on top
 * @param nanos how long
 * @param auditNanos how long from one audit to the next
 * @param policy of a trust domain, for a mapping larger than an ACCEPT wants it
 * @param rates of what goes wrong on purpose
 * @param seed of all choices
 * @param maxGrowth bytes by which the heap may grow after the first audit, but for what a machine
 *     keeps for each slot that ever was: {@link #slotBytes}
 */
public record SoakPlan(
    MachineKind kind,
    int threads,
    long nanos,
    long auditNanos,
    AcceptPolicy policy,
    Map<Injection, Double> rates,
    long seed,
    long maxGrowth) {
  /** The most threads of vCPUs: half of the vCPUs that a trust domain can have in all its life. */
  public static final int MAX_THREADS = 256;

  /** Frames are not given out again, and that they are gone is kept. */
  private static final long SLOT_BYTES = 16;

  /** A trust domain keeps their PAMT and page records as well. */
  private static final long TRUST_DOMAIN_SLOT_BYTES = 32 << 10;

  private static final long GROWTH = 32L << 20;
  private static final long THREAD_BYTES = 512 << 10;

  /** Small, so that all meet: 32 MiB. */
  static final GfnRange MEMORY = GfnRange.ofBytes(0, 32L << 20);

  /** Where a slot comes and goes. */
  static final GfnRange PLACES = GfnRange.ofPages(MEMORY.end(), 8L << 21 - Geometry.PAGE_SHIFT);

  /** A plan whose rates are of its kind of machine alone. */
  public SoakPlan {
    Map<Injection, Double> own = new EnumMap<>(Injection.class);
    own.putAll(rates);
    boolean isTrustDomain = kind == MachineKind.TD;
    own.keySet().removeIf(injection -> injection.isOfTrustDomain() != isTrustDomain);
    rates = Map.copyOf(own);
  }

  /**
   * The heap's growth that is no leak: each thread may keep tables, 32 that are free and 32 dead,
   * in a trust domain each with its page of the Secure EPT.
   */
  public static long defaultGrowth(int threads) {
    return GROWTH + threads * THREAD_BYTES;
  }

  /** What the machine keeps of the heap for each slot that ever was, in bytes at most. */
  long slotBytes() {
    return kind == MachineKind.TD ? TRUST_DOMAIN_SLOT_BYTES : SLOT_BYTES;
  }

  /** With which probability something goes wrong on purpose, 0 to 1. */
  double probability(Injection injection) {
    return rates.getOrDefault(injection, 0.0);
  }

  /** One half of the memory. */
  static GfnRange half(int number) {
    long pages = MEMORY.pages() / 2;
    return GfnRange.ofPages(MEMORY.start() + number * pages, pages);
  }
}
