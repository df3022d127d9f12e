package dev.septum.jmh.bench;

import dev.septum.jmh.bench.Comparison.Verdict;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.ExitCode;
import dev.septum.simulator.JsonOutput;
import dev.septum.simulator.Main;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code septum bench compare}: the gate. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Compares two files of results, benchmark by benchmark (with the same mode, threads and parameters),"
          + " and fails if one became slower.",
      ""
    },
    footer = {
      "",
      "A regression is a mean that became worse by more than the tolerance, with confidence intervals (by"
          + " Student's t-distribution, from the iterations of all forks) that have no value in common."
          + " 'cost' is how many times as expensive it became; below 1 it became cheaper.",
      "What only the old file has is listed, and fails; what only the new file has is listed. Results of"
          + " the C program are shown, and not judged; a benchmark with fewer than three samples cannot be.",
      "",
      "Exit codes: 0 nothing became slower; 1 a regression, or a benchmark is missing; 2 bad usage or input,"
          + " or nothing could be judged."
    })
public final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "OLD", description = "What was measured before.")
  private Path old;

  @Parameters(index = "1", paramLabel = "NEW", description = "What was measured now.")
  private Path now;

  @Option(
      names = "--tolerance",
      paramLabel = "PART",
      defaultValue = "0.05",
      description =
          "How much more expensive is no regression, as a part: 0.05 is a cost of 1.05."
              + " Default: ${DEFAULT-VALUE}.")
  private double tolerance;

  @Option(
      names = "--confidence",
      paramLabel = "P",
      defaultValue = "" + Measured.CONFIDENCE,
      description =
          "The confidence of the intervals; wants the files' raw data, if it is not the default."
              + " Default: ${DEFAULT-VALUE}.")
  private double confidence;

  @Option(
      names = "--allow-missing",
      description = "Does not fail if the new file lacks benchmarks of the old.")
  private boolean allowMissing;

  @Mixin private JsonOutput json = new JsonOutput();

  /** A command that picocli fills. */
  public CompareCommand() {}

  @Override
  public Integer call() throws BadInputException {
    check("--tolerance", tolerance, tolerance >= 0, "a number from 0 up");
    check("--confidence", confidence, confidence > 0 && confidence < 1, "a number between 0 and 1");
    json.check();
    ResultFile before = ResultFile.read(old);
    ResultFile after = ResultFile.read(now);
    Comparison comparison = Comparison.of(before, after, confidence, tolerance);
    warn(before.machine().differences(after.machine()));
    boolean isWritten =
        json.write(comparison.json(before.name(), after.name()), out -> print(out, comparison));
    return isWritten ? judge(comparison) : ExitCode.FAILED;
  }

  private int judge(Comparison comparison) throws BadInputException {
    boolean isMissing = !comparison.missing().isEmpty() && !allowMissing;
    if (comparison.count(Verdict.REGRESSION) > 0 || isMissing) {
      return ExitCode.FAILED;
    }
    long judged =
        comparison.changes().size()
            - comparison.count(Verdict.UNKNOWN)
            - comparison.count(Verdict.REFERENCE);
    if (judged == 0) {
      throw new BadInputException(
          now
              + ": nothing that could be compared with "
              + old
              + " (three samples each are needed)");
    }
    return ExitCode.OK;
  }

  private void warn(List<String> differences) {
    if (!differences.isEmpty()) {
      error().say("warning: not measured on the same: " + String.join("; ", differences));
    }
  }

  private void print(PrintWriter out, Comparison comparison) {
    comparison.table().print(out);
    comparison.missing().forEach(key -> out.println("missing in " + now + ": " + key));
    comparison.added().forEach(key -> out.println("only in " + now + ": " + key));
    out.printf(
        "%d compared: %d regressions, %d improvements, %d without an interval; %d missing, %d new%n",
        comparison.changes().size(),
        comparison.count(Verdict.REGRESSION),
        comparison.count(Verdict.IMPROVEMENT),
        comparison.count(Verdict.UNKNOWN),
        comparison.missing().size(),
        comparison.added().size());
  }

  private void check(String option, double value, boolean isRight, String expected) {
    if (!isRight) {
      throw error().invalid(option, expected, Double.toString(value));
    }
  }

  private ErrorLine error() {
    return new ErrorLine(spec);
  }
}
