package dev.septum.jmh.bench;

import dev.septum.simulator.BadInputException;
import dev.septum.simulator.ExitCode;
import dev.septum.simulator.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code septum bench charts}: draws a file of results. */
@Command(
    name = "charts",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Draws a file of results as SVG: cost by operation for each implementation, cost against threads,"
          + " and cost against mapped size, as far as the file has them.",
      ""
    },
    footer = {
      "",
      "Implementations are the values of the parameters 'peer' and 'lock', and the C program; sizes are those"
          + " of 'gib'. A class of benchmarks has a chart by operation where two implementations were measured,"
          + " one against threads where two thread counts were, and one against size where two sizes were."
          + " The y axis is logarithmic if the values are far apart; error bars are 99.9%% confidence intervals.",
      "",
      "Exit codes: 0 drawn; 1 a file cannot be written; 2 bad usage or input, or nothing to draw."
    })
public final class ChartsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** What is said if a file gives no chart. */
  static final String NOTHING = "nothing to draw: no two implementations, thread counts or sizes";

  @Parameters(paramLabel = "FILE", description = "The results.")
  private Path file = Path.of("");

  @Option(
      names = "--charts",
      required = true,
      paramLabel = "DIR",
      description = "Where the charts go; it is made if it is not there.")
  private Path directory = Path.of("");

  @Option(names = "--png", description = "Draws PNG files too.")
  private boolean png;

  /** A command that picocli fills. */
  public ChartsCommand() {}

  @Override
  public Integer call() throws BadInputException {
    ResultFile results = ResultFile.read(file);
    if (ChartSelection.of(results.results().values()).isEmpty()) {
      throw new BadInputException(file + ": " + NOTHING);
    }
    create(directory);
    ErrorLine error = new ErrorLine(spec);
    return draw(results, directory, png, error, drawn -> error.say("drew " + drawn))
        ? ExitCode.OK
        : ExitCode.FAILED;
  }

  /**
   * Makes the directory.
   *
   * @throws BadInputException if it cannot be made
   */
  static void create(Path directory) throws BadInputException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new BadInputException(directory + ": cannot be made: " + e);
    }
  }

  /** Draws all charts and tells of the files; complains and returns false if it cannot. */
  static boolean draw(
      ResultFile results, Path directory, boolean png, ErrorLine error, Consumer<Path> drawn) {
    List<ChartSelection.Chart> charts = ChartSelection.of(results.results().values());
    try {
      for (ChartSelection.Chart chart : charts) {
        ChartDrawing drawing = new ChartDrawing(chart);
        Path file = directory.resolve(chart.name() + ".svg");
        Files.writeString(file, drawing.svg());
        drawn.accept(file);
        if (png) {
          Files.write(directory.resolve(chart.name() + ".png"), drawing.png());
        }
      }
      return true;
    } catch (IOException e) {
      error.say(directory + ": cannot be written: " + e);
      return false;
    }
  }
}
