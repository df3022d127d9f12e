package dev.septum.jmh.bench;

import dev.septum.simulator.Main;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/** {@code septum bench}: the command; without another it runs the benchmarks. */
@Command(
    name = "septum bench",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    subcommands = {
      ChartsCommand.class,
      CompareCommand.class,
      WaitsCommand.class,
      FootprintCommand.class
    },
    description = {
      "Runs the benchmarks with JMH, each fork in a JVM of its own, and prints what they took: 'septum bench'"
          + " is 'septum bench --quick'.",
      ""
    },
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "A round gives each benchmark one fork, and then comes the next round. The file of --json is whole after"
          + " each fork: what stops the run leaves what was measured. It is JMH's JSON, and each result says in"
          + " 'machine' on what it was measured. Errors are half of a 99.9%% confidence interval.",
      "",
      "--quick: SeptumPaths at 1 and 2 threads, ScalePaths with 1, 4 and 16 GiB, the random translations of"
          + " PeerPaths at 1 thread, FaultLockPaths at 2; 2 forks of 3 + 5 iterations of 500 ms. --full: everything, 5 forks as long as the benchmarks ask for; SeptumPaths, locks and"
          + " peers at 1, 2, 4 and so on to as many threads as there are cores, ScalePaths with 1 to 1024 GiB as"
          + " far as the heap goes. Benchmarks whose threads do different things have their own number.",
      "",
      "SEPTUM_JAVA_OPTS is given to the forks too. If another JMH runs on this machine, nothing is run"
          + " (-Djmh.ignoreLock=true there lets it).",
      "",
      "Exit codes: 0 all measured, or nothing became slower; 1 a benchmark failed, became slower, or is missing;"
          + " 2 bad usage or input; 130 interrupted."
    })
public final class Bench implements Callable<Integer> {
  @Mixin private RunFlags flags = new RunFlags();

  /** A command that picocli fills. */
  public Bench() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    // Charts are drawn where there is no screen too.
    System.setProperty("java.awt.headless", "true");
    System.exit(Main.execute(commandLine(), args));
  }

  /** The command line, whole; {@code execute} returns the exit code. */
  static CommandLine commandLine() {
    return Main.commandLine(new Bench())
        .setExecutionStrategy(
            parsed -> {
              refuseStrayOptions(parsed);
              return new RunLast().execute(parsed);
            });
  }

  /** Options of a run before the name of a command would do nothing. */
  private static void refuseStrayOptions(ParseResult parsed) {
    if (parsed.hasSubcommand() && !parsed.matchedOptions().isEmpty()) {
      OptionSpec stray = parsed.matchedOptions().get(0);
      throw new ParameterException(
          parsed.commandSpec().commandLine(),
          stray.longestName()
              + " is not an option of '"
              + parsed.subcommand().commandSpec().name()
              + "'");
    }
  }

  @Override
  public Integer call() throws Exception {
    return flags.run();
  }
}
