package dev.septum.simulator.replay;

import dev.septum.paging.GfnRange;
import dev.septum.simulator.guest.GuestMemory;
import dev.septum.vm.TrustDomainHost;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The host thread that converts ranges of private memory to shared and back, and punches holes,
 * while vCPUs use them: of 4K to 4M, not aligned to 2M, so many for a million of accesses. A range
 * stays shared until the next conversion is due.
 */
final class HostChanges extends HostThread {
  private static final int LARGEST_BITS = 9;

  private final TrustDomainPlan plan;
  private final Pace pace;
  private final RandomRanges ranges;
  private final MemoryTaker taker;
  private final long allConversions;
  private final long allPunches;

  private long conversions;
  private long punches;

  HostChanges(
      TrustDomainHost host,
      GuestMemory memory,
      ReplayPlan plan,
      TrustDomainPlan td,
      List<? extends VcpuThread> vcpus,
      Pace pace,
      RunState state) {
    super("host", state);
    this.plan = td;
    this.pace = pace;
    SplittableRandom random = new SplittableRandom(plan.seed());
    this.ranges = new RandomRanges(plan.layout().slots(), vcpus, random.split(), LARGEST_BITS);
    this.taker = new MemoryTaker(host, memory, random, plan.probability(Injection.OVER_ZAP));
    this.allConversions = td.conversionsIn(plan.accesses());
    this.allPunches = td.punchesIn(plan.accesses());
    pace.waitAt(secondDue(0, 0));
  }

  /** Conversions there and back; exact after a join. */
  long conversions() {
    return conversions;
  }

  /** Holes; exact after a join. */
  long punches() {
    return punches;
  }

  /** Conversions and holes that have taken too much; exact after a join. */
  long overZapped() {
    return taker.overZapped();
  }

  @Override
  public void run() {
    long converted = 0;
    while (!state().isStopped() && (converted < allConversions || punches < allPunches)) {
      long conversionDue = dueConversion(converted);
      long punchDue = duePunch(punches);
      if (!pace.isDue(Math.min(conversionDue, punchDue))) {
        Pace.pause();
      } else if (conversionDue <= punchDue) {
        bringBack();
        convert();
        converted++;
      } else {
        punch();
      }
      pace.waitAt(secondDue(converted, punches));
    }
    if (!state().isStopped()) {
      bringBack();
    }
  }

  /** When the change after the next is due. */
  private long secondDue(long converted, long punched) {
    long conversion = dueConversion(converted);
    long punch = duePunch(punched);
    return conversion <= punch
        ? Math.min(dueConversion(converted + 1), punch)
        : Math.min(conversion, duePunch(punched + 1));
  }

  private long dueConversion(long number) {
    return number < allConversions
        ? TrustDomainPlan.dueAt(number, plan.conversions())
        : Long.MAX_VALUE;
  }

  private long duePunch(long number) {
    return number < allPunches ? TrustDomainPlan.dueAt(number, plan.punches()) : Long.MAX_VALUE;
  }

  private void bringBack() {
    if (taker.bringBack() >= 0) {
      conversions++;
    }
  }

  private void convert() {
    GfnRange range = ranges.next();
    long unused = taker.convertToShared(range, ranges.slotOf(range.start()));
  }

  private void punch() {
    GfnRange range = ranges.next();
    long unused = taker.punchHole(range, ranges.slotOf(range.start()));
    punches++;
  }
}
