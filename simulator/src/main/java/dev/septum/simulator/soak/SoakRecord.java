package dev.septum.simulator.soak;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.MachineKind;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.vm.TrustDomainVcpu;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * The last operations of all threads, in the language of scenarios, in the order in which they
 * ended. What that language does not have is a comment.
 */
final class SoakRecord {
  private static final int MOST_VCPUS = 64; // of a scenario
  private static final List<PageLevel> SIZES =
      List.of(PageLevel.LEVEL_4K, PageLevel.LEVEL_2M, PageLevel.LEVEL_1G);

  private final SoakPlan plan;
  private final boolean isTrustDomain;
  private final long begun;
  private final StringBuilder text = new StringBuilder();
  private int vcpu;

  private SoakRecord(SoakPlan plan, long begun) {
    this.plan = plan;
    this.isTrustDomain = plan.kind() == MachineKind.TD;
    this.begun = begun;
  }

  /**
   * The record.
   *
   * @param begun when the soak began, by {@link System#nanoTime}
   */
  static String text(SoakPlan plan, String finding, List<OperationLog> logs, long begun) {
    SoakRecord record = new SoakRecord(plan, begun);
    record.writeHead(finding);
    logs.stream()
        .flatMap(log -> log.last().stream())
        .sorted(
            Comparator.comparing(OperationLog.Entry::isUnderWay)
                .thenComparingLong(
                    entry -> (entry.isUnderWay() ? entry.begun() : entry.ended()) - begun))
        .forEach(record::write);
    return record.text.append("audit\n").toString();
  }

  private void writeHead(String finding) {
    line("# septum soak --vm %s --threads %d --seed %d", plan.kind(), plan.threads(), plan.seed());
    line("# found: %s", finding.replaceAll("\\s*\\R\\s*", " "));
    line("#");
    line(
        "# The last %d operations of each thread, in the order in which they ended.",
        OperationLog.KEPT);
    line(
        "# 'septum tree --script FILE' does them one after the other, in a machine that begins empty and in");
    line(
        "# which nothing goes wrong on purpose: it shows what was done, and need not show a race again.");
    line(
        "# Comments are what a scenario cannot do: slots and vCPUs that come and go, the scanner, ACCEPTs of");
    line(
        "# addresses beyond the memory. Touches in passing are not here. Stored values are not the stamps.");
    line(
        "machine %s memory %dm backing 2m%s vcpus %d",
        plan.kind(),
        SoakPlan.MEMORY.pages() >>> 8,
        isTrustDomain ? " policy " + plan.policy().name().toLowerCase(Locale.ROOT) : "",
        Math.min(MOST_VCPUS, plan.threads()));
    if (isTrustDomain) {
      line("private %s", range(SoakPlan.MEMORY));
      line("finalize");
    }
  }

  private void write(OperationLog.Entry entry) {
    boolean isGuests = entry.operation().isAccess() || entry.operation() == Operation.ACCEPT;
    int number = entry.log().number() % MOST_VCPUS;
    if (isGuests && number != vcpu) {
      vcpu = number;
      line("vcpu %d", number);
    }
    line("%-34s # %s", operation(entry), remark(entry));
  }

  private String operation(OperationLog.Entry entry) {
    GfnRange range = entry.range();
    String gfn = String.format("0x%x", range.start());
    return switch (entry.operation()) {
      case READ -> isTrustDomain ? "load " + gfn + shared(entry) : "touch " + gfn + " r";
      case WRITE ->
          isTrustDomain
              ? "store " + gfn + " " + entry.sequence() + shared(entry)
              : "touch " + gfn + " w";
      case EXECUTE -> "touch " + gfn + " x" + shared(entry);
      case ACCEPT -> accept(range, gfn);
      case SPLIT -> "split " + range(range) + " 4k";
      case MERGE, PROMOTE -> entry.operation() + " " + range(range) + " 2m";
      case PREFAULT, ZAP, TRIM, SHARED, PRIVATE, PUNCH -> entry.operation() + " " + range(range);
      case VCPU, SCAN -> "# " + entry.operation();
      case SLOT_ADD, SLOT_MOVE, SLOT_DELETE -> "# " + entry.operation() + " " + range(range);
    };
  }

  private static String shared(OperationLog.Entry entry) {
    return entry.operation().describe(entry.result()).equals("shared") ? " shared" : "";
  }

  private static String accept(GfnRange range, String gfn) {
    for (PageLevel size : SIZES) {
      if (1L << 9 * (size.number() - 1) == range.pages()) {
        boolean isInside = SoakPlan.MEMORY.contains(range.start());
        return (isInside ? "" : "# ")
            + "accept "
            + gfn
            + " "
            + size.label().toLowerCase(Locale.ROOT);
      }
    }
    return "# accept " + range(range);
  }

  private String remark(OperationLog.Entry entry) {
    String who = String.format("%s, operation %d, ", entry.log().thread(), entry.sequence());
    if (entry.isUnderWay()) {
      return who + "begun at " + seconds(entry.begun() - begun) + ", under way";
    }
    return String.format(
        Locale.ROOT,
        "%sended at %s after %.1f us: %s",
        who,
        seconds(entry.ended() - begun),
        (entry.ended() - entry.begun()) / (double) TimeUnit.MICROSECONDS.toNanos(1),
        result(entry));
  }

  private static String result(OperationLog.Entry entry) {
    if (entry.operation() != Operation.ACCEPT) {
      return entry.operation().describe(entry.result());
    }
    return entry.result() == TrustDomainVcpu.NOT_COMPLETED
        ? "not completed"
        : SeamcallStatus.describe(entry.result());
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.7f s", nanos / (double) TimeUnit.SECONDS.toNanos(1));
  }

  private static String range(GfnRange range) {
    return String.format("0x%x-0x%x", range.start(), range.end());
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  private void line(String format, Object... values) {
    text.append(String.format(format, values)).append('\n');
  }
}
