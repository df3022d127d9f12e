package dev.septum.jmh.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.ExitCode;
import dev.septum.simulator.report.JsonReport;
import dev.septum.simulator.report.ProgressLine;
import dev.septum.simulator.report.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Utils;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options of a run: checked, and made a plan of. */
final class RunFlags {
  private static final int MAX_THREADS = 1024;
  private static final int MAX_COUNT = 1000;
  private static final int LOG_LINES = 30;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** One or the other. */
  static final class Choice {
    @Option(names = "--quick", description = "Minutes; the default.")
    private boolean quick;

    @Option(names = "--full", description = "All, and long.")
    private boolean full;
  }

  @ArgGroup(exclusive = true)
  private Choice choice = new Choice();

  @Option(
      names = "--include",
      paramLabel = "REGEX",
      description =
          "The benchmarks whose names (package, class, method) it is found in, in the place of the suite's."
              + " More than once: any of them.")
  private List<String> includes = List.of();

  @Option(
      names = "--threads",
      paramLabel = "N",
      split = ",",
      description = "Thread counts, such as 1,2,16, in the place of the suite's.")
  private List<Integer> threads = List.of();

  @Option(
      names = {"-p", "--param"},
      paramLabel = "NAME=V[,V...]",
      description = "The values of a benchmark's parameter.")
  private Map<String, String> params = new LinkedHashMap<>();

  @Option(names = "--forks", paramLabel = "N", description = "JVMs for each benchmark.")
  private @Nullable Integer forks;

  @Option(names = "--iterations", paramLabel = "N", description = "Measured iterations of a fork.")
  private @Nullable Integer iterations;

  @Option(names = "--warmups", paramLabel = "N", description = "Iterations before those.")
  private @Nullable Integer warmups;

  @Option(
      names = "--time",
      paramLabel = "T",
      converter = Duration.class,
      description = "The length of an iteration, such as 100ms or 1s.")
  private @Nullable TimeValue time;

  @Option(
      names = "--jvm",
      paramLabel = "PATH",
      description = "Another JDK for the forks: its directory, or its java.")
  private @Nullable Path jvm;

  @Option(
      names = "--jvm-args",
      paramLabel = "FLAGS",
      defaultValue = "",
      description = "Further flags of the forks, in one word: '-Xmx4g -XX:+UseParallelGC'.")
  private String jvmArgs = "";

  @Option(names = "--allocation", description = "Counts the bytes that an operation allocates.")
  private boolean countsAllocation;

  @Option(
      names = "--cref",
      paramLabel = "PROGRAM",
      description =
          "Runs a C program with the work of SeptumPaths in each round ('PROGRAM THREADS', which prints"
              + " 'OPERATION N threads T ns/op' lines), and shows the ratio.")
  private @Nullable Path cref;

  @Option(
      names = "--json",
      paramLabel = "FILE|-",
      description = "Writes the results as JMH's JSON; to - they go instead of the table.")
  private @Nullable Path json;

  @Option(
      names = "--charts",
      paramLabel = "DIR",
      description = "Draws the results; see 'septum bench charts --help'.")
  private @Nullable Path charts;

  @Option(names = "--list", description = "Says what would be run, and runs nothing.")
  private boolean list;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress, nor what was drawn: only the results, and what fails.")
  private boolean quiet;

  /**
   * Does what was asked for.
   *
   * @return the exit code
   */
  int run() throws BadInputException, IOException, InterruptedException {
    RunPlan plan = plan();
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      plan.trials().forEach(trial -> out.println(trial.key()));
      out.println(describe(plan));
      out.flush();
      return ExitCode.OK;
    }
    boolean isToOutput = json != null && json.toString().equals("-");
    WholeFile file = json == null || isToOutput ? null : WholeFile.at(json);
    if (charts != null) {
      ChartsCommand.create(charts);
    }
    Machine machine = Machine.here(plan.forkJvm(), Machine.checkout());
    ProgressLine progress = ProgressLine.atStandardError(spec.commandLine().getErr(), quiet);
    if (!quiet) {
      error().say(describe(plan));
      error().say(machine.toString());
    }
    SuiteRun run = new SuiteRun(plan, machine, progress, new Keeper(file));
    Thread stop =
        new Thread(
            () -> {
              run.stop();
              interrupted(progress, file != null && run.hasResults());
            });
    Runtime.getRuntime().addShutdownHook(stop);
    boolean isWhole;
    try {
      isWhole = run.run();
    } finally {
      remove(stop);
    }
    if (!run.hasResults()) {
      return ExitCode.FAILED;
    }
    JsonNode results = run.json();
    ResultFile read = ResultFile.of("the results", results);
    if (isToOutput) {
      out.print(JsonReport.text(results));
      out.flush();
    } else {
      ResultTable.of(read).print(out);
    }
    if (charts != null) {
      isWhole &= draw(read, charts);
    }
    return isWhole ? ExitCode.OK : ExitCode.FAILED;
  }

  private boolean draw(ResultFile results, Path directory) {
    if (ChartSelection.of(results.results().values()).isEmpty()) {
      error().say(ChartsCommand.NOTHING);
      return true;
    }
    ErrorLine error = error();
    return ChartsCommand.draw(
        results, directory, false, error, quiet ? file -> {} : file -> error.say("drew " + file));
  }

  /** If the process is ending already, there is nothing else to do but to wait for that. */
  private static void remove(Thread stop) throws InterruptedException {
    try {
      Runtime.getRuntime().removeShutdownHook(stop);
    } catch (IllegalStateException e) {
      new CountDownLatch(1).await();
    }
  }

  /** The forks get the signal of a terminal too, but not that of a program. */
  private void interrupted(ProgressLine progress, boolean isKept) {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    progress.clear();
    error().say("interrupted" + (isKept ? "; what was measured is in " + json : ""));
  }

  private final class Keeper implements SuiteRun.Listener {
    private final @Nullable WholeFile file;

    Keeper(@Nullable WholeFile file) {
      this.file = file;
    }

    @Override
    public void measured(SuiteRun run) throws IOException {
      if (file == null || !run.hasResults()) {
        return;
      }
      try {
        file.write(JsonReport.text(run.json()));
      } catch (IOException e) {
        throw new IOException(file.describe(e), e);
      }
    }

    @Override
    public void failed(String what, String details) {
      List<String> lines = details.lines().toList();
      lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()).forEach(error()::show);
      error().say(what);
    }
  }

  private ErrorLine error() {
    return new ErrorLine(spec);
  }

  // The plan.

  private RunPlan plan() {
    check("--forks", forks, 1, MAX_COUNT);
    check("--iterations", iterations, 1, MAX_COUNT);
    check("--warmups", warmups, 0, MAX_COUNT);
    threads.forEach(count -> check("--threads", count, 1, MAX_THREADS));
    Suite suite = choice.full ? Suite.FULL : Suite.QUICK;
    Suite.Lengths lengths = new Suite.Lengths(warmups, time, iterations, time).or(suite.lengths());
    String java = java();
    List<String> flags = List.copyOf(Utils.splitQuotedEscape(jvmArgs));
    ForkJvm forkJvm = ForkJvm.asked(java, RunPlan.forkFlags(flags));
    TrialSelection selection =
        new TrialSelection(
            suite,
            patterns(),
            threads.stream().distinct().toList(),
            params(),
            lengths,
            Runtime.getRuntime().availableProcessors(),
            forkJvm.maxHeapBytes());
    List<Trial> trials = selection.trials(TrialSelection.all());
    if (trials.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "no benchmark is called " + String.join(" or ", includes));
    }
    for (String name : params.keySet()) {
      if (trials.stream().noneMatch(trial -> trial.key().params().containsKey(name))) {
        throw new ParameterException(
            spec.commandLine(), "no benchmark here has a parameter " + name);
      }
    }
    RunPlan plan =
        new RunPlan(
            trials,
            forks == null ? suite.forks() : forks,
            lengths,
            java,
            flags,
            forkJvm,
            countsAllocation,
            cref == null ? null : new CReference(executable("--cref", cref)));
    if (cref != null && plan.referenceThreads().isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--cref wants a benchmark of " + CReference.COUNTERPART);
    }
    return plan;
  }

  private static String describe(RunPlan plan) {
    double seconds = plan.trials().stream().mapToDouble(Trial::seconds).sum() * plan.forks();
    return plan.trials().size()
        + (plan.trials().size() == 1 ? " benchmark, " : " benchmarks, ")
        + plan.forks()
        + (plan.forks() == 1 ? " fork; " : " forks each; ")
        + SuiteRun.duration(seconds)
        + " of measuring and warming up";
  }

  private List<Pattern> patterns() {
    List<Pattern> patterns = new ArrayList<>();
    for (String include : includes) {
      try {
        patterns.add(Pattern.compile(include));
      } catch (PatternSyntaxException e) {
        throw error()
            .invalid("--include", "a regular expression (" + e.getDescription() + ")", include);
      }
    }
    return patterns;
  }

  private Map<String, List<String>> params() {
    Map<String, List<String>> values = new LinkedHashMap<>();
    params.forEach(
        (name, text) -> values.put(name, Stream.of(text.split(",", -1)).distinct().toList()));
    return values;
  }

  private String java() {
    if (jvm == null) {
      return ForkJvm.JAVA.toString();
    }
    Path java = Files.isDirectory(jvm) ? jvm.resolve("bin").resolve("java") : jvm;
    return executable("--jvm", java).toString();
  }

  /** A name without a directory is of the working directory, not of the PATH. */
  private Path executable(String option, Path program) {
    if (!Files.isRegularFile(program) || !Files.isExecutable(program)) {
      throw error().invalid(option, "a program", program.toString());
    }
    return program.toAbsolutePath();
  }

  private void check(String option, @Nullable Integer value, int least, int most) {
    if (value != null && (value < least || value > most)) {
      throw error().invalid(option, least + " to " + most, value.toString());
    }
  }

  /** A length of time as JMH writes it. */
  static final class Duration implements ITypeConverter<TimeValue> {
    @Override
    public TimeValue convert(String text) {
      try {
        TimeValue time = TimeValue.fromString(text);
        if (time.getTime() > 0) {
          return time;
        }
      } catch (IllegalArgumentException e) {
        // said below
      }
      throw new TypeConversionException(
          "expected a time such as 100ms or 1s, found '" + text + "'");
    }
  }
}
