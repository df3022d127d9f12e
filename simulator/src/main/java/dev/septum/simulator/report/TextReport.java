package dev.septum.simulator.report;

import dev.septum.mmu.Violation;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.input.Trace;
import dev.septum.simulator.replay.PageCounts;
import dev.septum.simulator.replay.ReplayPlan;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.simulator.replay.TrustDomainPlan;
import dev.septum.simulator.replay.TrustDomainResult;
import dev.septum.trace.MmuCounter;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Map;

/** The report at the end of a run, for people. */
public final class TextReport {
  private static final int VIOLATIONS_SHOWN = 20;
  private static final List<PageLevel> SIZES =
      List.of(PageLevel.LEVEL_4K, PageLevel.LEVEL_2M, PageLevel.LEVEL_1G);

  private final PrintWriter out;
  private final ReplayResult result;
  private final ReplayPlan plan;

  private TextReport(PrintWriter out, ReplayResult result) {
    this.out = out;
    this.result = result;
    this.plan = result.plan();
  }

  /** Prints the report. */
  public static void print(PrintWriter out, ReplayResult result) {
    new TextReport(out, result).print();
    out.flush();
  }

  private void print() {
    printRun();
    out.println();
    printPages();
    out.println();
    printWork();
    out.println();
    TrustDomainPlan how = plan.trustDomain();
    TrustDomainResult trustDomain = result.trustDomain();
    if (how != null && trustDomain != null) {
      printTrustDomain(how, trustDomain);
      out.println();
    }
    printVerdict();
  }

  private void printRun() {
    Trace trace = plan.trace();
    line("trace", trace.file() + " (" + trace.format() + "), " + lines(trace));
    line(
        "replayed",
        (result.failure() == null ? "" : "at least ")
            + Numbers.counted(result.accesses(), "access", "accesses")
            + " by "
            + Numbers.counted(trace.streams().size(), "vCPU", "vCPUs")
            + (plan.repeat() == 1 ? "" : ", " + Numbers.grouped(plan.repeat()) + " times over,")
            + " in "
            + Numbers.seconds(result.seconds())
            + ": "
            + Numbers.rate(result.accessesPerSecond()));
    printRates(trace);
    line(
        "guest",
        Numbers.size(plan.layout().pages() << Geometry.PAGE_SHIFT)
            + " in "
            + Numbers.counted(plan.layout().slots().size(), "slot", "slots")
            + ", backed by pages of "
            + plan.backing()
            + ", "
            + plan.layout().geometry().levels()
            + "-level tree");
    if (plan.churn() > 0) {
      line(
          "churn",
          Numbers.counted(result.churned(), "operation", "operations")
              + ": "
              + Numbers.rate(result.seconds() > 0 ? result.churned() / result.seconds() : 0)
              + " of the "
              + Numbers.rate(plan.churn())
              + " asked for");
    }
    plan.injected()
        .forEach(
            (kind, probability) ->
                line(
                    "injected",
                    Numbers.counted(result.injected(kind), "time", "times")
                        + " "
                        + kind
                        + "="
                        + probability));
    if (plan.churn() > 0 || !plan.injected().isEmpty() || plan.trustDomain() != null) {
      line("seed", Long.toString(plan.seed()));
    }
  }

  /** Reading, and what each vCPU's thread made of its CPU. */
  private void printRates(Trace trace) {
    DoubleSummaryStatistics rates =
        result.vcpus().stream()
            .filter(vcpu -> vcpu.accesses() > 0)
            .mapToDouble(ReplayResult.Vcpu::accessesPerSecond)
            .summaryStatistics();
    line(
        "speed",
        "read in "
            + Numbers.seconds(trace.seconds())
            + ": "
            + Numbers.rate(trace.seconds() > 0 ? trace.lines() / trace.seconds() : 0, " lines")
            + (rates.getCount() == 0
                ? ""
                : "; a vCPU makes "
                    + Numbers.rate(rates.getMin())
                    + (rates.getCount() == 1 ? "" : " to " + Numbers.rate(rates.getMax()))
                    + " of its CPU time"));
  }

  private void printTrustDomain(TrustDomainPlan how, TrustDomainResult td) {
    line(
        "TD",
        "guest "
            + how.guest()
            + ", fault split "
            + how.policy()
            + ", promotion "
            + how.promotion());
    row("accepted", sizes(td.accepted()));
    row("pending", sizes(td.pending()));
    row(
        "host",
        amount(td.conversions(), "conversions"),
        amount(td.punches(), "holes"),
        amount(td.exclusiveAcquisitions(), "exclusive holds"));
    row(
        "",
        amount(td.busyRetries(), "busy calls"),
        amount(td.kicks(), "kicks"),
        amount(td.inhibits(), "inhibits"));
    row(
        "resizes",
        amount(td.demotes(), "demotes"),
        amount(td.promotes(), "promotes"),
        amount(td.promoteRefused(), "refused"));
    row(
        "fault splits",
        amount(td.splitsExclusive(), "exclusive"),
        amount(td.splitsShared(), "shared"));
    list("exits", td.exits());
    list("anomalies", td.anomalies());
    list("SEAMCALLs", td.seamcalls());
    row(
        "guest",
        amount(td.endlessViolations(), "endless violations"),
        amount(td.givenUp(), "accesses given up"),
        amount(td.lostData(), "pages of lost data"));
  }

  private static String[] sizes(PageCounts pages) {
    return SIZES.stream()
        .map(size -> amount(pages.of(size), size.toString()))
        .toArray(String[]::new);
  }

  /** Two a line, without those that are 0. */
  private void list(String label, Map<?, Long> counts) {
    List<String> columns = new ArrayList<>();
    counts.forEach(
        (what, count) -> {
          if (count > 0) {
            columns.add(amount(count, what.toString()));
          }
        });
    for (int at = 0; at < columns.size(); at += 2) {
      String first = columns.get(at);
      String second = at + 1 < columns.size() ? columns.get(at + 1) : "";
      out.println(
          String.format("%-10s %-44s %s", at == 0 ? label : "", first, second).stripTrailing());
    }
  }

  private static String lines(Trace trace) {
    return Numbers.counted(trace.lines(), "line", "lines")
        + (trace.skippedLines() == 0
            ? ""
            : ", " + Numbers.grouped(trace.skippedLines()) + " of them no access");
  }

  /** A trust domain's private memory has no D: nothing is said of it there. */
  private void printPages() {
    boolean hasDirty = plan.trustDomain() == null;
    pages("pages", "mapped", "MiB", hasDirty ? "dirty" : "", hasDirty ? "MiB" : "");
    for (PageLevel size : SIZES) {
      pages(
          "  " + size,
          Numbers.grouped(result.mapped().of(size)),
          Numbers.mebibytes(result.mapped().bytes(size)),
          hasDirty ? Numbers.grouped(result.dirty().of(size)) : "",
          hasDirty ? Numbers.mebibytes(result.dirty().bytes(size)) : "");
    }
    pages(
        "  all",
        "",
        Numbers.mebibytes(result.mapped().bytes()),
        "",
        hasDirty ? Numbers.mebibytes(result.dirty().bytes()) : "");
  }

  private void pages(String what, String mapped, String size, String dirty, String dirtySize) {
    out.println(
        String.format("%-10s %14s %12s %14s %12s", what, mapped, size, dirty, dirtySize)
            .stripTrailing());
  }

  private void printWork() {
    row(
        "faults",
        count(MmuCounter.FAULTS_FIXED, "fixed"),
        count(MmuCounter.FAULTS_SPURIOUS, "spurious"),
        count(MmuCounter.FAULTS_RETRY, "retried"));
    row(
        "changes",
        count(MmuCounter.SPLITS, "splits"),
        count(MmuCounter.MERGES, "merges"),
        count(MmuCounter.ZAPS, "leaves zapped"));
    ReplayResult.Tables tables = result.tables();
    row(
        "tables",
        amount(tables.live(), "live"),
        amount(tables.peak(), "peak"),
        amount(tables.waiting(), "waiting"));
    ReplayResult.Tlb tlb = result.tlb();
    if (!plan.isTlbOn()) {
      row("TLBs", String.format("%14s", "off"), amount(tlb.misses(), "walks"));
      return;
    }
    row(
        "TLBs",
        amount(tlb.hits(), "hits"),
        amount(tlb.misses(), "misses"),
        amount(tlb.flushes(), "flushes"));
    row(
        "",
        String.format("%14s %s", Numbers.percent(tlb.hits(), tlb.hits() + tlb.misses(), 2), "hit"),
        amount(tlb.staleUses(), "stale uses"));
  }

  private void printVerdict() {
    List<Violation> violations = result.violations();
    line(
        "audit",
        violations.isEmpty()
            ? "clean"
            : Numbers.counted(violations.size(), "violation", "violations"));
    violations.stream().limit(VIOLATIONS_SHOWN).forEach(found -> out.println("  " + found));
    if (violations.size() > VIOLATIONS_SHOWN) {
      out.println("  and " + (violations.size() - VIOLATIONS_SHOWN) + " more");
    }
    String verdict = result.verdict();
    line("result", verdict == null ? "OK" : "FAILED: " + verdict);
  }

  private void line(String label, String text) {
    out.printf("%-10s %s%n", label, text);
  }

  private void row(String label, String... columns) {
    StringBuilder text = new StringBuilder(String.format("%-10s", label));
    for (String column : columns) {
      text.append(String.format(" %-26s", column));
    }
    out.println(text.toString().stripTrailing());
  }

  private String count(MmuCounter counter, String what) {
    return amount(result.count(counter), what);
  }

  private static String amount(long number, String what) {
    return String.format("%14s %s", Numbers.grouped(number), what);
  }
}
