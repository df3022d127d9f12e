package dev.septum.simulator.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.mmu.Violation;
import dev.septum.simulator.input.Trace;
import dev.septum.simulator.input.VcpuStream;
import dev.septum.simulator.replay.Injection;
import dev.septum.simulator.replay.PageCounts;
import dev.septum.simulator.replay.ReplayPlan;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.simulator.replay.TrustDomainPlan;
import dev.septum.simulator.replay.TrustDomainResult;
import dev.septum.trace.MmuCounter;
import java.util.Map;

/**
 * The report for programs. Every leaf is a number, but for the trace's format and file, whether the
 * TLBs are on, and what of a trust domain's plan is a word; a run that failed says why in words
 * besides: {@code failure}, {@code audit.details}. Only a trust domain has {@code td}.
 */
public final class JsonReport {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonReport() {}

  /** The report, indented, with a line end behind it. */
  public static String of(ReplayResult result) {
    return text(tree(result));
  }

  /** A tree, indented, with a line end behind it. */
  public static String text(JsonNode tree) {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(indenter);
    try {
      return MAPPER.writer(printer).writeValueAsString(tree) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is always JSON", e);
    }
  }

  private static ObjectNode tree(ReplayResult result) {
    ObjectNode root = MAPPER.createObjectNode();
    putTrace(root.putObject("trace"), result);
    putRun(root, result);
    TrustDomainResult trustDomain = result.trustDomain();
    root.put("conversions", trustDomain == null ? 0 : trustDomain.conversions())
        .put("punches", trustDomain == null ? 0 : trustDomain.punches());
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
        .put("on", result.plan().isTlbOn())
        .put("hits", result.tlb().hits())
        .put("misses", result.tlb().misses())
        .put("flushes", result.tlb().flushes())
        .put("staleUses", result.tlb().staleUses());
    TrustDomainPlan plan = result.plan().trustDomain();
    if (plan != null && trustDomain != null) {
      putTrustDomain(root.putObject("td"), plan, trustDomain);
    }
    ObjectNode audit = root.putObject("audit").put("violations", result.violations().size());
    if (!result.violations().isEmpty()) {
      ArrayNode details = audit.putArray("details");
      for (Violation violation : result.violations()) {
        details.add(violation.toString());
      }
    }
    putTiming(root.putObject("timing"), result);
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
    putInjected(root.putObject("injected"), result);
  }

  private static void putInjected(ObjectNode node, ReplayResult result) {
    node.put("dropFlush", result.plan().probability(Injection.DROP_FLUSH))
        .put("lostFlushes", result.injected(Injection.DROP_FLUSH));
    result
        .plan()
        .injected()
        .forEach(
            (kind, probability) -> {
              if (kind != Injection.DROP_FLUSH) {
                node.putObject(kind.name())
                    .put("probability", probability)
                    .put("count", result.injected(kind));
              }
            });
  }

  private static void putTrustDomain(
      ObjectNode node, TrustDomainPlan plan, TrustDomainResult result) {
    node.put("guest", plan.guest().toString())
        .put("faultSplit", plan.policy())
        .put("promote", plan.promotes())
        .put("convertPerMillion", plan.conversions())
        .put("punchPerMillion", plan.punches());
    putPages(node.putObject("accepted"), result.accepted());
    putPages(node.putObject("pending"), result.pending());
    putCounts(node.putObject("exits"), result.exits());
    putCounts(node.putObject("seamcalls"), result.seamcalls());
    node.put("busyRetries", result.busyRetries())
        .put("kicks", result.kicks())
        .put("splitsExclusive", result.splitsExclusive())
        .put("splitsShared", result.splitsShared())
        .put("demotes", result.demotes())
        .put("promotes", result.promotes())
        .put("promoteRefused", result.promoteRefused())
        .put("inhibits", result.inhibits());
    putCounts(node.putObject("anomalies"), result.anomalies());
    node.put("endlessViolations", result.endlessViolations())
        .put("givenUp", result.givenUp())
        .put("exclusiveAcquisitions", result.exclusiveAcquisitions())
        .put("lostData", result.lostData());
  }

  static void putCounts(ObjectNode node, Map<?, Long> counts) {
    counts.forEach((what, count) -> node.put(what.toString(), count));
  }

  private static void putTiming(ObjectNode node, ReplayResult result) {
    node.put("seconds", result.seconds())
        .put("accessesPerSecond", result.accessesPerSecond())
        .put("readSeconds", result.plan().trace().seconds());
    ArrayNode vcpus = node.putArray("vcpus");
    for (ReplayResult.Vcpu vcpu : result.vcpus()) {
      vcpus
          .addObject()
          .put("vcpu", vcpu.vcpu())
          .put("accesses", vcpu.accesses())
          .put("cpuSeconds", vcpu.cpuSeconds())
          .put("accessesPerCpuSecond", vcpu.accessesPerSecond());
    }
  }

  private static void putPages(ObjectNode node, PageCounts counts) {
    node.put("4K", counts.small()).put("2M", counts.large()).put("1G", counts.huge());
  }
}
