package dev.septum.simulator;

import dev.septum.simulator.report.ProgressLine;
import dev.septum.simulator.report.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every run of a machine: its seed, its results as JSON, its progress. */
class RunFlags {
  private static final String STANDARD_STREAM = "-";
  private static final int SEED_BITS = 48;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "For whatever happens by chance. Default: another each time; the report names it.")
  private @Nullable Long seed;

  @Option(
      names = "--json",
      paramLabel = "FILE|-",
      description = "Writes the results as JSON; to - they go instead of the report.")
  private @Nullable Path json;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress, only the report.")
  private boolean quiet;

  /** The command that has the options. */
  final CommandLine command() {
    return spec.commandLine();
  }

  /** The seed that was given, or another each time. */
  final long nextSeed() {
    return seed == null ? ThreadLocalRandom.current().nextLong(1L << SEED_BITS) : seed;
  }

  /** Whether a file stands for the standard input or output. */
  static boolean isStandardStream(@Nullable Path path) {
    return path != null && path.toString().equals(STANDARD_STREAM);
  }

  /** Whether the results go to the standard output, and no report. */
  final boolean isJsonToOutput() {
    return isStandardStream(json);
  }

  /**
   * A file of results, to be written later; null if there is none, or it is the standard output.
   *
   * @param input a file whose place they must not take
   * @throws BadInputException if it could not be written, or is the input itself
   */
  final @Nullable WholeFile jsonFile(@Nullable Path input, String what) throws BadInputException {
    return json == null || isJsonToOutput() ? null : WholeFile.at(checkNot(input, what, json));
  }

  /** Writes the file of results, if there is one; complains and returns false if it cannot. */
  final boolean write(@Nullable WholeFile file, Supplier<String> results) {
    if (file != null) {
      try {
        file.write(results.get());
      } catch (IOException e) {
        complain(file.describe(e));
        return false;
      }
    }
    return true;
  }

  /** Says something on the standard error. */
  final void complain(String what) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("septum: " + what);
    err.flush();
  }

  private static Path checkNot(@Nullable Path input, String what, Path results)
      throws BadInputException {
    try {
      if (input != null
          && Files.exists(results)
          && Files.exists(input)
          && Files.isSameFile(results, input)) {
        throw new BadInputException(results + ": is " + what + " itself");
      }
      return results;
    } catch (IOException e) {
      throw new BadInputException(results + ": cannot be written: " + e);
    }
  }

  /** Where to say how a run is getting on. */
  final ProgressLine progress() {
    return ProgressLine.atStandardError(spec.commandLine().getErr(), quiet);
  }

  /** Checks that an option is from 1 to {@code most}. */
  final void check(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw invalid(option, "expected 1 to " + most, Integer.toString(value));
    }
  }

  /** Checks that the file of results has a name. */
  final void checkNames() {
    checkNamed("--json", json);
  }

  /** Checks that a file has a name. */
  final void checkNamed(String option, @Nullable Path path) {
    if (path != null && path.toString().isEmpty()) {
      throw invalid(option, "expected a file", "");
    }
  }

  final ParameterException invalid(String option, String expected, String found) {
    return new ParameterException(
        spec.commandLine(),
        "Invalid value for option '" + option + "': " + expected + ", found '" + found + "'");
  }
}
