package dev.septum.simulator;

import dev.septum.simulator.replay.Replay;
import dev.septum.simulator.replay.ReplayPlan;
import dev.septum.simulator.replay.ReplayResult;
import dev.septum.simulator.replay.TrustDomainPlan;
import dev.septum.simulator.report.PolicyTable;
import dev.septum.simulator.report.ProgressLine;
import dev.septum.simulator.report.WholeFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code septum policies}: one trace, in a trust domain, under each guest and policy. */
@Command(
    name = "policies",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Replays a trace in a trust domain for each guest, each policy of fault-path splits, and promotion off"
          + " and on, and prints a row for each. An option that chooses one leaves the others out.",
      ""
    },
    footer = {
      "",
      "Columns: exits of all vCPUs; retries of calls that found a lock held; splits (DEMOTE) and merges"
          + " (PROMOTE) that succeeded; merges that the module refused; kicks of all vCPUs; exclusive"
          + " acquisitions of the MMU's lock; inhibits set by ACCEPTs; endless violations; pages of lost"
          + " data; and how much of the private memory is mapped by 2M or more at the end.",
      "Guests, policies and kinds of --inject are as in 'septum replay --help'.",
      "",
      "Exit codes: 0 all runs sound; 1 a run or an audit failed; 2 bad usage or input."
    })
public final class PoliciesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ReplayFlags flags = new ReplayFlags();

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Writes the table as comma-separated values, with a line of names.")
  private @Nullable Path csv;

  /** A command that picocli fills. */
  public PoliciesCommand() {}

  @Override
  public Integer call() throws BadInputException, InterruptedException {
    flags.checkTrustDomain();
    flags.checkNamed("--csv", csv);
    WholeFile file = flags.jsonFile();
    WholeFile values = csv == null ? null : WholeFile.at(csv);
    ProgressLine progress = flags.progress();
    PolicyTable table = new PolicyTable();
    boolean isSound = true;
    List<ReplayPlan> plans;
    try {
      plans = flags.plans(progress);
      for (int run = 0; run < plans.size(); run++) {
        ReplayPlan plan = plans.get(run);
        progress.about(String.format(Locale.ROOT, "%d/%d %s", run + 1, plans.size(), name(plan)));
        ReplayResult result = Replay.run(plan, progress);
        progress.clear();
        if (!flags.isSound(result)) {
          flags.complain("this was " + name(plan) + ", seed " + plan.seed());
          isSound = false;
        }
        table.add(result);
      }
    } finally {
      progress.clear();
    }
    ReplayPlan any = plans.get(0);
    String json =
        table.json(Map.of("trace", any.trace().file(), "seed", Long.toString(any.seed())));
    PrintWriter out = spec.commandLine().getOut();
    if (flags.isJsonToOutput()) {
      out.print(json);
      out.flush();
    } else {
      table.print(out);
    }
    boolean isWritten = flags.write(file, () -> json);
    isWritten &= flags.write(values, table::csv);
    return isSound && isWritten ? ExitCode.OK : ExitCode.FAILED;
  }

  private static String name(ReplayPlan plan) {
    TrustDomainPlan how = Objects.requireNonNull(plan.trustDomain());
    return how.guest() + ", " + how.policy() + ", promotion " + how.promotion();
  }
}
