package dev.septum.simulator.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mmu.Violation;
import dev.septum.simulator.input.Trace;
import dev.septum.simulator.input.VcpuStream;
import dev.septum.simulator.replay.PageCounts;
import dev.septum.simulator.replay.ReplayPlan;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.trace.MmuCounter;

/**
 * The report for programs. Every leaf is a number, but for the trace's format and file; a run that
 * failed says why in words besides: {@code failure}, {@code audit.details}.
 */
public final class JsonReport {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonReport() {}

  /** The report, indented, with a line end behind it. */
  public static String of(ReplayResult result) {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(indenter);
    try {
      return MAPPER.writer(printer).writeValueAsString(tree(result)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of numbers is always JSON", e);
    }
  }

  private static ObjectNode tree(ReplayResult result) {
    ObjectNode root = MAPPER.createObjectNode();
    putTrace(root.putObject("trace"), result);
    putRun(root, result);
    putPages(root.putObject("mapped"), result.mapped());
    putPages(root.putObject("dirty"), result.dirty());
    root.putObject("faults")
        .put("fixed", result.count(MmuCounter.FAULTS_FIXED))
        .put("spurious", result.count(MmuCounter.FAULTS_SPURIOUS))
        .put("retry", result.count(MmuCounter.FAULTS_RETRY));
    root.put("splits", result.count(MmuCounter.SPLITS))
        .put("merges", result.count(MmuCounter.MERGES))
        .put("zaps", result.count(MmuCounter.ZAPS));
    root.putObject("tables")
        .put("live", result.tables().live())
        .put("peak", result.tables().peak())
        .put("waiting", result.tables().waiting());
    root.putObject("tlb")
        .put("hits", result.tlb().hits())
        .put("misses", result.tlb().misses())
        .put("flushes", result.tlb().flushes())
        .put("staleUses", result.tlb().staleUses());
    ObjectNode audit = root.putObject("audit").put("violations", result.violations().size());
    if (!result.violations().isEmpty()) {
      ArrayNode details = audit.putArray("details");
      for (Violation violation : result.violations()) {
        details.add(violation.toString());
      }
    }
    root.putObject("timing")
        .put("seconds", result.seconds())
        .put("accessesPerSecond", result.accessesPerSecond());
    if (result.failure() != null) {
      root.put("failure", result.failure());
    }
    return root;
  }

  private static void putTrace(ObjectNode node, ReplayResult result) {
    Trace trace = result.plan().trace();
    node.put("format", trace.format().toString())
        .put("file", trace.file())
        .put("accesses", result.accesses())
        .put("skippedLines", trace.skippedLines())
        .put("vcpus", trace.streams().size())
        .put("recordedVcpus", trace.recordedVcpus());
    ArrayNode ids = node.putArray("vcpuIds");
    for (VcpuStream stream : trace.streams()) {
      ids.add(stream.vcpu());
    }
  }

  private static void putRun(ObjectNode root, ReplayResult result) {
    ReplayPlan plan = result.plan();
    root.put("repeat", plan.repeat())
        .put("seed", plan.seed())
        .put("backing", PageCounts.bytesOf(plan.backing()))
        .put("slots", plan.layout().slots().size());
    root.putObject("churn").put("requestedPerSecond", plan.churn()).put("done", result.churned());
    root.putObject("injected")
        .put("dropFlush", plan.lostFlushes())
        .put("lostFlushes", result.lostFlushes());
  }

  private static void putPages(ObjectNode node, PageCounts counts) {
    node.put("4K", counts.small()).put("2M", counts.large()).put("1G", counts.huge());
  }
}
