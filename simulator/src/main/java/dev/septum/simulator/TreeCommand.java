package dev.septum.simulator;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.paging.GfnRange;
import dev.septum.simulator.input.TraceSource;
import dev.septum.simulator.replay.Replay;
import dev.septum.simulator.replay.ReplayPlan;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.simulator.report.JsonReport;
import dev.septum.simulator.report.ProgressLine;
import dev.septum.simulator.report.WholeFile;
import dev.septum.simulator.tree.GfnRanges;
import dev.septum.simulator.tree.Scenario;
import dev.septum.simulator.tree.ScenarioRun;
import dev.septum.simulator.tree.TreeJson;
import dev.septum.simulator.tree.TreeText;
import dev.septum.simulator.tree.TreeView;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code septum tree}: the trees of a machine side by side, after a replay or in a scenario. */
@Command(
    name = "tree",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Prints what the direct root, the mirror root and the Secure EPT have for each guest frame, and"
          + " what is behind it: after a replay, or in a scenario of operations.",
      ""
    },
    footer = {
      "",
      "A row is a run of guest frames (its end excluded) for which each tree has one entry, or several"
          + " alike with contiguous frames: '7x4K 0x100200 MAPPED'. '!' marks rows in which mirror and"
          + " Secure EPT disagree. 'septum replay --help' explains the options of a replay.",
      "",
      "Ranges: 0x200-0x400, 0x200+512, 2M-4M or 2M+2M; a gfn is 0x200 or 2M.",
      "",
      "A scenario's operations, one a line; '#' begins a comment:",
      "  machine normal|td [memory SIZE] [backing SIZE] [policy POLICY] [ve] [vcpus N]",
      "                   begins anew; of 1G in pages of 2m, exclusive, without #VE,",
      "                   with 2 vCPUs; a TD if none is begun",
      "  private RANGE, shared RANGE, punch RANGE, zap RANGE, prefault RANGE, trim RANGE",
      "  promote RANGE SIZE                   of private memory",
      "  merge RANGE SIZE, split RANGE SIZE   of a normal VM's memory, or shared",
      "  add GFN VALUE    a page of a TD's build, which 'finalize' ends",
      "  vcpu N           makes what follows; 0 at first",
      "  accept GFN SIZE",
      "  touch GFN r|w|x [shared], store GFN VALUE [shared], load GFN [shared]",
      "  seamcall LEAF GFN SIZE               behind the host's back, of",
      "                   TDH.MEM.RANGE.BLOCK, TDH.MEM.RANGE.UNBLOCK,",
      "                   TDH.MEM.PAGE.REMOVE, TDH.MEM.SEPT.RD",
      "  audit",
      "  print [RANGE]    else the trees are printed at the end",
      "An operation's result is followed by what it brought about: SEAMCALLs, splits,"
          + " kicks, anomalies of the guest.",
      "",
      "Exit codes: 0 done; 1 the replay failed, or a scenario's machine is bugged; 2 bad usage or"
          + " input."
    })
public final class TreeCommand implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String SCENARIO_SUFFIX = ".scenario";

  /** What a scenario takes of all options; the others are a replay's. */
  private static final Set<String> SCENARIO_OPTIONS =
      Set.of("--script", "--scenario", "--range", "--limit", "--json", "--quiet");

  @Spec private CommandSpec spec;

  @Option(
      names = "--script",
      paramLabel = "FILE|-",
      description = "Runs a scenario, in place of a replay; - is the standard input.")
  private @Nullable Path script;

  @Option(
      names = "--scenario",
      paramLabel = "NAME",
      converter = OneOf.ShippedScenario.class,
      completionCandidates = OneOf.ShippedScenario.class,
      description = "Runs a scenario that ships with Septum: ${COMPLETION-CANDIDATES}.")
  private @Nullable String scenario;

  @Option(
      names = "--range",
      paramLabel = "RANGE",
      converter = GfnRanges.class,
      description =
          "What to print, empty or not; in a scenario, where it does not say. Default: everything"
              + " that is mapped.")
  private @Nullable GfnRange range;

  @Option(
      names = "--limit",
      paramLabel = "ROWS",
      defaultValue = "200",
      description = "The most rows to print. Default: ${DEFAULT-VALUE}.")
  private int limit = 200;

  @Mixin private ReplayFlags flags = new ReplayFlags();

  /** A command that picocli fills. */
  public TreeCommand() {}

  @Override
  public Integer call() throws BadInputException, InterruptedException {
    flags.check();
    flags.checkNamed("--script", script);
    flags.check("--limit", limit, Integer.MAX_VALUE);
    if (script == null && scenario == null) {
      return afterReplay() ? ExitCode.OK : ExitCode.FAILED;
    }
    refuseReplayOptions();
    return ofScenario() ? ExitCode.OK : ExitCode.FAILED;
  }

  private void refuseReplayOptions() {
    for (OptionSpec given : spec.commandLine().getParseResult().matchedOptions()) {
      if (!SCENARIO_OPTIONS.contains(given.longestName())) {
        throw new ParameterException(
            spec.commandLine(), given.longestName() + " is a replay's, not a scenario's");
      }
    }
    if (script != null && scenario != null) {
      throw new ParameterException(
          spec.commandLine(), "--script and --scenario exclude each other");
    }
  }

  // A replay.

  private boolean afterReplay() throws BadInputException, InterruptedException {
    WholeFile file = flags.jsonFile();
    ProgressLine progress = flags.progress();
    AtomicReference<TreeView> view = new AtomicReference<>();
    ReplayResult result;
    try {
      ReplayPlan plan = flags.plan(progress);
      checkRange(plan);
      result = Replay.run(plan, progress, vm -> view.set(TreeView.of(vm, range, limit)));
    } finally {
      progress.clear();
    }
    TreeView shown = Objects.requireNonNull(view.get(), "a replay ends at rest");
    ObjectNode json = MAPPER.createObjectNode();
    json.put("source", result.plan().trace().file())
        .put("seed", result.plan().seed())
        .put("violations", result.violations().size());
    if (result.verdict() != null) {
      json.put("failure", result.verdict());
    }
    TreeJson.put(json.putObject("tree"), shown);
    PrintWriter out = spec.commandLine().getOut();
    if (!flags.isJsonToOutput()) {
      out.printf(
          "%s: %d accesses, seed %d%n",
          result.plan().trace().file(), result.accesses(), result.plan().seed());
      TreeText.print(out, shown, "");
    }
    return finish(json, file) && flags.isSound(result);
  }

  /** Before the run, and not after it. */
  private void checkRange(ReplayPlan plan) {
    long end = plan.layout().geometry().gfnLimit() / (plan.trustDomain() == null ? 1 : 2);
    if (range != null && range.end() > end) {
      throw flags.invalid("--range", String.format("expected gfns below 0x%x", end), "" + range);
    }
  }

  // A scenario.

  private boolean ofScenario() throws BadInputException {
    WholeFile file = flags.jsonFile(script, "the scenario");
    Scenario read = Scenario.read(source());
    ObjectNode json = MAPPER.createObjectNode().put("source", read.name());
    ArrayNode steps = json.putArray("steps");
    ScenarioRun.Result result =
        ScenarioRun.run(
            read,
            range,
            limit,
            outcome -> {
              put(steps.addObject(), outcome);
              if (!flags.isJsonToOutput()) {
                print(outcome);
              }
            });
    if (result.evidence() != null) {
      json.put("bugged", result.evidence());
      flags.complain("the machine is bugged: " + result.evidence());
    }
    return finish(json, file) && result.evidence() == null;
  }

  private TraceSource source() {
    if (script == null) {
      return TraceSource.shipped(scenario + SCENARIO_SUFFIX);
    }
    return ReplayFlags.isStandardStream(script)
        ? TraceSource.standardInput()
        : TraceSource.file(script, "a scenario");
  }

  private void print(ScenarioRun.Outcome outcome) {
    PrintWriter out = spec.commandLine().getOut();
    String counts =
        outcome.counts().entrySet().stream()
            .map(count -> count.getKey() + " " + count.getValue())
            .collect(Collectors.joining(", ", "  [", "]"));
    String line =
        String.format(
            "%4s  %-38s %s%s",
            outcome.line() == 0 ? "end" : Integer.toString(outcome.line()),
            outcome.text(),
            outcome.result(),
            outcome.counts().isEmpty() ? "" : counts);
    out.println(line.stripTrailing());
    if (outcome.view() != null) {
      TreeText.print(out, outcome.view(), "      ");
    }
    out.flush();
  }

  private static void put(ObjectNode node, ScenarioRun.Outcome outcome) {
    node.put("line", outcome.line())
        .put("operation", outcome.text())
        .put("result", outcome.result());
    ObjectNode counts = node.putObject("counts");
    outcome.counts().forEach(counts::put);
    if (outcome.view() != null) {
      TreeJson.put(node.putObject("tree"), outcome.view());
    }
  }

  private boolean finish(ObjectNode json, @Nullable WholeFile file) {
    PrintWriter out = spec.commandLine().getOut();
    if (flags.isJsonToOutput()) {
      out.print(JsonReport.text(json));
    }
    out.flush();
    return flags.write(file, () -> JsonReport.text(json));
  }
}
