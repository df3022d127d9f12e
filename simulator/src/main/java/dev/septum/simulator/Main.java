package dev.septum.simulator;

import dev.septum.paging.TableArenaFullException;
import dev.septum.simulator.conform.ConformCommand;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code septum}: the command, and what it does with no argument. */
@Command(
    name = "septum",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    subcommands = {
      ReplayCommand.class,
      ConformCommand.class,
      DecodeCommand.class,
      TreeCommand.class,
      PoliciesCommand.class,
      SoakCommand.class,
      BootPatternCommand.class,
      FlushCountsCommand.class,
      BenchCommand.class,
      GenerateCompletion.class
    },
    description = {
      "Simulates guests on Septum, a concurrent page-table engine that models KVM's TDP MMU.",
      "",
      "Without arguments it replays a recorded Linux boot on 4 vCPUs, whose 87,575 pages fault in one by one:"
          + " 'septum replay --backing 4k'.",
      ""
    },
    commandListHeading = "%nCommands:%n",
    footer = {"", "Exit codes: 0 sound; 1 the run or the audit failed; 2 bad usage or input."})
public final class Main implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** The command. */
  public Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(execute(commandLine(), args));
  }

  /**
   * Executes a command line; what stops all of it, no memory or no output, is said in a line too.
   *
   * @return the process's exit code
   */
  public static int execute(CommandLine command, String... args) {
    int code;
    try {
      code = command.execute(args);
    } catch (OutOfMemoryError e) {
      System.err.println(
          "septum: out of memory ("
              + e.getMessage()
              + "); give java a larger heap, as with"
              + " SEPTUM_JAVA_OPTS=-Xmx8g");
      code = ExitCode.FAILED;
    }
    if (System.out.checkError() && code == ExitCode.OK) {
      System.err.println("septum: the standard output cannot be written");
      code = ExitCode.FAILED;
    }
    return code;
  }

  /** The command line, whole; {@code execute} returns the exit code. */
  public static CommandLine commandLine() {
    return commandLine(new Main());
  }

  /** Any command's line, with Septum's exit codes and one line for each error. */
  public static CommandLine commandLine(Object command) {
    return new CommandLine(command)
        .setParameterExceptionHandler(Main::badUsage)
        .setExecutionExceptionHandler(Main::failed);
  }

  @Override
  public Integer call() {
    return Objects.requireNonNull(spec.subcommands().get("replay")).execute("--backing", "4k");
  }

  private static int badUsage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String message = oneLine("" + e.getMessage()).replaceFirst("^Error: ", ""); // of an ArgGroup
    StringBuilder text = new StringBuilder("septum: " + message);
    if (e instanceof UnmatchedArgumentException unmatched
        && !unmatched.getSuggestions().isEmpty()) {
      text.append("; did you mean ").append(String.join(" or ", unmatched.getSuggestions()));
    }
    text.append(" (see '").append(command.getCommandSpec().qualifiedName()).append(" --help')");
    print(command, text.toString());
    return ExitCode.USAGE;
  }

  private static int failed(Exception e, CommandLine command, ParseResult parsed) {
    if (e instanceof BadInputException) {
      print(command, oneLine("" + e.getMessage()));
      return ExitCode.USAGE;
    }
    if (e instanceof TableArenaFullException) {
      print(command, "septum: " + oneLine("" + e.getMessage()) + " (--max-tables)");
      return ExitCode.FAILED;
    }
    print(command, "septum: " + oneLine(e.toString()));
    return ExitCode.FAILED;
  }

  private static void print(CommandLine command, String line) {
    PrintWriter err = command.getErr();
    err.println(line);
    err.flush();
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ");
  }

  /** What {@code --version} prints. */
  public static final class Version implements IVersionProvider {
    /** For picocli. */
    public Version() {}

    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "septum " + (version == null ? "(not from a jar)" : version),
        "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vm.name")
      };
    }
  }
}
