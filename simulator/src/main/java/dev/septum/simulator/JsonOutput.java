package dev.septum.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.septum.simulator.report.JsonReport;
import dev.septum.simulator.report.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --json FILE|-}: results for programs, besides a command's report or in its place. */
public final class JsonOutput {
  private static final String STANDARD_OUTPUT = "-";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--json",
      arity = "0..1",
      fallbackValue = STANDARD_OUTPUT,
      paramLabel = "FILE|-",
      description =
          "Writes the results as JSON; to -, or without FILE, they go instead of the report.")
  private @Nullable Path path;

  private @Nullable WholeFile file;

  /** Options that picocli fills. */
  public JsonOutput() {}

  /**
   * To be called before the work is done.
   *
   * @throws BadInputException if the file could not be written
   * @throws ParameterException if it has no name
   */
  public void check() throws BadInputException {
    if (path == null || isToOutput()) {
      return;
    }
    if (path.toString().isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for option '--json': expected a file, found ''");
    }
    file = WholeFile.at(path);
  }

  private boolean isToOutput() {
    return path != null && path.toString().equals(STANDARD_OUTPUT);
  }

  /**
   * Prints the results or the report, and writes the file if there is one.
   *
   * @return false if the file could not be written, which has been said
   */
  public boolean write(JsonNode results, Consumer<PrintWriter> report) {
    PrintWriter out = spec.commandLine().getOut();
    String text = JsonReport.text(results);
    if (isToOutput()) {
      out.print(text);
    } else {
      report.accept(out);
    }
    out.flush();
    if (file != null) {
      try {
        file.write(text);
      } catch (IOException e) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("septum: " + file.describe(e));
        err.flush();
        return false;
      }
    }
    return true;
  }
}
