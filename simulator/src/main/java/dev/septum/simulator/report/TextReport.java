package dev.septum.simulator.report;

import dev.septum.mmu.Violation;
import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;
import dev.septum.simulator.input.Trace;
import dev.septum.simulator.replay.ReplayPlan;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.trace.MmuCounter;
import java.io.PrintWriter;
import java.util.List;

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
    if (plan.lostFlushes() > 0) {
      line(
          "injected",
          Numbers.counted(result.lostFlushes(), "flush", "flushes")
              + " lost on purpose (DROP_FLUSH="
              + plan.lostFlushes()
              + ")");
    }
    if (plan.churn() > 0 || plan.lostFlushes() > 0) {
      line("seed", Long.toString(plan.seed()));
    }
  }

  private static String lines(Trace trace) {
    return Numbers.counted(trace.lines(), "line", "lines")
        + (trace.skippedLines() == 0
            ? ""
            : ", " + Numbers.grouped(trace.skippedLines()) + " of them no access");
  }

  private void printPages() {
    out.printf("%-10s %14s %12s %14s %12s%n", "pages", "mapped", "MiB", "dirty", "MiB");
    for (PageLevel size : SIZES) {
      out.printf(
          "%-10s %14s %12s %14s %12s%n",
          "  " + size,
          Numbers.grouped(result.mapped().of(size)),
          Numbers.mebibytes(result.mapped().bytes(size)),
          Numbers.grouped(result.dirty().of(size)),
          Numbers.mebibytes(result.dirty().bytes(size)));
    }
    out.printf(
        "%-10s %14s %12s %14s %12s%n",
        "  all",
        "",
        Numbers.mebibytes(result.mapped().bytes()),
        "",
        Numbers.mebibytes(result.dirty().bytes()));
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
