package dev.septum.simulator.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.MachineKind;
import dev.septum.simulator.soak.SoakListener;
import dev.septum.simulator.soak.SoakPlan;
import dev.septum.simulator.soak.SoakResult;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What soaks say: while they run, and at the end, for people and for programs. */
public final class SoakReport implements SoakListener {
  private static final int FINDINGS_SHOWN = 20;

  private final ProgressLine progress;

  /** Tells how a soak is getting on. */
  public SoakReport(ProgressLine progress) {
    this.progress = progress;
  }

  @Override
  public long intervalMillis() {
    return progress.intervalMillis();
  }

  @Override
  public void running(SoakPlan plan, double seconds, long operations, int audits, long heap) {
    progress.show(
        String.format(
            Locale.ROOT,
            "%s  %.0f of %.0f s  %s operations  %s  %s clean  heap %s MiB",
            plan.kind(),
            seconds,
            plan.nanos() / (double) TimeUnit.SECONDS.toNanos(1),
            Numbers.grouped(operations),
            Numbers.rate(operations / seconds),
            Numbers.counted(audits, "audit", "audits"),
            audits == 0 ? "-" : Numbers.mebibytes(heap)));
  }

  /** Prints what one machine has endured. */
  public static void print(PrintWriter out, SoakResult result) {
    SoakPlan plan = result.plan();
    line(
        out,
        "machine",
        plan.kind()
            + ", "
            + Numbers.counted(plan.threads(), "vCPU thread", "vCPU threads")
            + ", "
            + Numbers.counted(result.vcpus(), "vCPU", "vCPUs")
            + " in all"
            + (plan.kind() == MachineKind.TD ? ", fault split " + word(plan) : ""));
    line(
        out,
        "endured",
        Numbers.seconds(result.seconds())
            + (result.isInterrupted() ? ", interrupted" : "")
            + ", "
            + Numbers.counted(result.audits(), "clean audit", "clean audits")
            + ", "
            + Numbers.grouped(result.done())
            + " operations: "
            + Numbers.rate(result.done() / result.seconds()));
    result
        .operations()
        .forEach(
            (operation, count) ->
                out.printf(
                    "  %-12s %14s %14s%n",
                    operation, Numbers.grouped(count), Numbers.rate(count / result.seconds())));
    plan.rates()
        .forEach(
            (kind, rate) ->
                line(
                    out,
                    "injected",
                    Numbers.counted(result.injected().getOrDefault(kind, 0L), "time", "times")
                        + " "
                        + kind
                        + "="
                        + rate));
    line(
        out,
        "heap",
        String.format(
            "%s MiB after the first audit, %s after the last, %s at most",
            Numbers.mebibytes(result.heap().first()),
            Numbers.mebibytes(result.heap().last()),
            Numbers.mebibytes(result.heap().peak())));
    line(
        out,
        "checks",
        Numbers.counted(result.staleUses(), "stale use", "stale uses")
            + ", "
            + Numbers.counted(result.lostData(), "page", "pages")
            + " of lost data");
    List<String> findings = result.findings();
    line(out, "result", findings.isEmpty() ? "OK" : "FAILED: " + findings.get(0));
    findings.stream().skip(1).limit(FINDINGS_SHOWN).forEach(found -> out.println("  " + found));
    if (findings.size() > FINDINGS_SHOWN + 1) {
      out.println("  and " + (findings.size() - FINDINGS_SHOWN - 1) + " more");
    }
    out.println();
  }

  /** The results of all machines as JSON. */
  public static String json(long seed, List<SoakResult> results) {
    ObjectNode root = JsonNodeFactory.instance.objectNode().put("seed", seed);
    ArrayNode machines = root.putArray("machines");
    results.forEach(result -> put(machines.addObject(), result));
    return JsonReport.text(root);
  }

  private static void put(ObjectNode node, SoakResult result) {
    SoakPlan plan = result.plan();
    node.put("vm", plan.kind().toString()).put("threads", plan.threads());
    if (plan.kind() == MachineKind.TD) {
      node.put("faultSplit", word(plan));
    }
    node.put("seconds", result.seconds())
        .put("vcpus", result.vcpus())
        .put("interrupted", result.isInterrupted())
        .put("audits", result.audits())
        .put("operationsPerSecond", result.done() / result.seconds());
    JsonReport.putCounts(node.putObject("operations"), result.operations());
    JsonReport.putCounts(node.putObject("injected"), result.injected());
    node.put("staleUses", result.staleUses()).put("lostData", result.lostData());
    node.putObject("heap")
        .put("first", result.heap().first())
        .put("last", result.heap().last())
        .put("peak", result.heap().peak());
    ArrayNode findings = node.putArray("findings");
    result.findings().forEach(findings::add);
  }

  private static String word(SoakPlan plan) {
    return plan.policy().name().toLowerCase(Locale.ROOT);
  }

  private static void line(PrintWriter out, String label, String text) {
    out.printf("%-10s %s%n", label, text);
  }
}
