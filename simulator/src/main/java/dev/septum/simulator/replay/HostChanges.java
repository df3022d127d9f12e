package dev.septum.simulator.replay;

import dev.septum.paging.GfnRange;
import dev.septum.simulator.guest.GuestMemory;
import dev.septum.vm.TrustDomainHost;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The host thread that converts ranges of private memory to shared and back, and punches holes,
 * while vCPUs use them: of 4K to 4M, not aligned to 2M, so many for a million of accesses. A range
 * stays shared until the next conversion is due.
 *
 * <p>{@link Injection#OVER_ZAP} takes a page more than the guest's memory is told of, for the check
 * of lost data to find.
 */
final class HostChanges extends HostThread {
  private static final int LARGEST_BITS = 9;

  private final TrustDomainHost host;
  private final GuestMemory memory;
  private final TrustDomainPlan plan;
  private final Pace pace;
  private final SplittableRandom random;
  private final RandomRanges ranges;
  private final double overZap;
  private final long allConversions;
  private final long allPunches;

  /** What is shared, as far as the guest knows. */
  private @Nullable GfnRange shared;

  /** What is shared. */
  private GfnRange taken = new GfnRange(0, 1);

  private long conversions;
  private long punches;
  private long overZapped;

  HostChanges(
      TrustDomainHost host,
      GuestMemory memory,
      ReplayPlan plan,
      TrustDomainPlan td,
      List<? extends VcpuThread> vcpus,
      Pace pace,
      RunState state) {
    super("host", state);
    this.host = host;
    this.memory = memory;
    this.plan = td;
    this.pace = pace;
    this.random = new SplittableRandom(plan.seed());
    this.ranges = new RandomRanges(plan.layout().slots(), vcpus, random.split(), LARGEST_BITS);
    this.overZap = plan.probability(Injection.OVER_ZAP);
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
    return overZapped;
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
    if (shared != null) {
      GfnRange range = shared;
      take(range, () -> host.convertToPrivate(taken));
      shared = null;
      conversions++;
    }
  }

  private void convert() {
    GfnRange range = ranges.next();
    taken = orTooMuch(range);
    take(range, () -> host.convertToShared(taken));
    shared = range;
  }

  private void punch() {
    GfnRange range = ranges.next();
    GfnRange hole = orTooMuch(range);
    take(range, () -> host.punchHole(hole));
    punches++;
  }

  private void take(GfnRange told, LongSupplier how) {
    memory.beginTaking(told);
    long unused = how.getAsLong();
    memory.endTaking(told);
  }

  private GfnRange orTooMuch(GfnRange range) {
    if (random.nextDouble() >= overZap || range.end() == ranges.slotOf(range.start()).end()) {
      return range;
    }
    overZapped++;
    return new GfnRange(range.start(), range.end() + 1);
  }
}
