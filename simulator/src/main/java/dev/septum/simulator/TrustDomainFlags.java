package dev.septum.simulator;

import dev.septum.simulator.guest.GuestKind;
import dev.septum.simulator.replay.TrustDomainPlan;
import dev.septum.td.AcceptPolicy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code --vm td}. What was not said is null. */
final class TrustDomainFlags {
  @Option(
      names = "--guest",
      paramLabel = "GUEST",
      converter = OneOf.Guest.class,
      completionCandidates = OneOf.Guest.class,
      description =
          "How the guest accepts its memory: ${COMPLETION-CANDIDATES}. Default: linux. See below.")
  private @Nullable GuestKind guest;

  @Option(
      names = "--fault-split",
      paramLabel = "POLICY",
      converter = OneOf.FaultSplit.class,
      completionCandidates = OneOf.FaultSplit.class,
      description =
          "What becomes of a mapping larger than an ACCEPT wants it: ${COMPLETION-CANDIDATES}."
              + " Default: exclusive.")
  private @Nullable AcceptPolicy faultSplit;

  @Option(
      names = "--convert",
      paramLabel = "N",
      description =
          "Ranges of 4K to 4M converted to shared and back, for each million of accesses."
              + " Default: 0.")
  private @Nullable Integer convert;

  @Option(
      names = "--punch",
      paramLabel = "N",
      description = "Holes of 4K to 4M, for each million of accesses. Default: 0.")
  private @Nullable Integer punch;

  @Option(
      names = "--promote",
      paramLabel = "off|on",
      converter = OneOf.OffOn.class,
      completionCandidates = OneOf.OffOn.class,
      description = "Whether the host merges private mappings in the background. Default: off.")
  private @Nullable Switch promote;

  /** The first option that was given; null if none was. */
  @Nullable String given() {
    if (guest != null) {
      return "--guest";
    }
    if (faultSplit != null) {
      return "--fault-split";
    }
    if (convert != null) {
      return "--convert";
    }
    if (punch != null) {
      return "--punch";
    }
    return promote == null ? null : "--promote";
  }

  int convert() {
    return convert == null ? 0 : convert;
  }

  int punch() {
    return punch == null ? 0 : punch;
  }

  /** One plan for each guest, policy and switch of promotion that was not left out. */
  List<TrustDomainPlan> plans() {
    List<TrustDomainPlan> plans = new ArrayList<>();
    for (GuestKind each : guest == null ? GuestKind.values() : new GuestKind[] {guest}) {
      for (AcceptPolicy policy :
          faultSplit == null ? AcceptPolicy.values() : new AcceptPolicy[] {faultSplit}) {
        for (Switch merges : promote == null ? Switch.values() : new Switch[] {promote}) {
          plans.add(new TrustDomainPlan(each, policy, convert(), punch(), merges == Switch.ON));
        }
      }
    }
    return plans;
  }

  TrustDomainPlan plan() {
    return new TrustDomainPlan(
        guest == null ? GuestKind.LINUX : guest,
        faultSplit == null ? AcceptPolicy.EXCLUSIVE : faultSplit,
        convert(),
        punch(),
        promote == Switch.ON);
  }
}
