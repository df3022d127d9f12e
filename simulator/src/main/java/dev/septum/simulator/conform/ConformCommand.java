package dev.septum.simulator.conform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.ExitCode;
import dev.septum.simulator.conform.RecordReplay.Recorded;
import dev.septum.simulator.input.TraceSource;
import dev.septum.simulator.report.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code septum conform}: recorded operations, made again through the engine and compared. */
@Command(
    name = "conform",
    description = {
      "Replays recorded operations of the real code, and compares every step.",
      "",
      "A script of FILE runs through the engine in KVM's ways. Return codes, page counts,"
          + " flushes, freed and live tables, and leaves with their flags are compared after every"
          + " step, at the end, and after the teardown.",
      "A trace or a case of Intel's TDX module, 1.5.01, runs through the engine's model of it."
          + " Statuses, registers, exits, entries, page descriptors, locks, epochs and counts are"
          + " compared after every step and at the end.",
      "A record that wants what Septum does not have, or does not say what it began with, counts"
          + " as unsupported, never as agreeing.",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 all records asked for agree; 1 one differs or is unsupported;"
          + " 2 bad usage or input."
    })
public final class ConformCommand implements Callable<Integer> {
  private static final String STANDARD_STREAM = "-";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Parameters(
      paramLabel = "FILE|-",
      description =
          "Records, one JSON object a line; - is the standard input; gzip is seen by itself.")
  private Path file;

  @Option(
      names = "--group",
      paramLabel = "GROUP",
      description =
          "Only the records of a group: core, mirror or full of scripts, initialized or runnable"
              + " (at the start) of traces, a set (matrix, locks, ...) of cases. Default: all.")
  private @Nullable String group;

  @Option(
      names = "--json",
      paramLabel = "FILE|-",
      description = "Writes the results as JSON; to - they go instead of the report.")
  private @Nullable Path json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help message and exit.")
  @SuppressWarnings("unused") // picocli acts on it
  private boolean help;

  @Spec private CommandSpec spec;

  /** A command that picocli fills. */
  public ConformCommand() {}

  @Override
  public Integer call() {
    checkNamed("FILE", file);
    checkNamed("--json", json);
    try {
      boolean toOutput = json != null && json.toString().equals(STANDARD_STREAM);
      WholeFile jsonFile = json == null || toOutput ? null : WholeFile.at(checkOther(json));
      return report(compare(), jsonFile, toOutput) ? ExitCode.OK : ExitCode.FAILED;
    } catch (BadInputException e) {
      complain("" + e.getMessage());
      return ExitCode.USAGE;
    }
  }

  private void checkNamed(String option, @Nullable Path path) {
    if (path != null && path.toString().isEmpty()) {
      throw new ParameterException(spec.commandLine(), option + ": expected a file, found ''");
    }
  }

  /** The results must not take the place of the records. */
  private Path checkOther(Path results) throws BadInputException {
    try {
      if (Files.exists(results) && Files.exists(file) && Files.isSameFile(results, file)) {
        throw new BadInputException(results + ": is the file of the records");
      }
      return results;
    } catch (IOException e) {
      throw new BadInputException(results + ": cannot be written: " + e);
    }
  }

  private ConformReport compare() throws BadInputException {
    try (RecordLines lines = RecordLines.open(records())) {
      byte[] line = lines.next();
      if (line == null) {
        throw new BadInputException(lines.name() + ": expected records, found none");
      }
      RecordNode record = RecordNode.parse(lines.place(), line);
      RecordKind kind = RecordKind.of(record);
      RecordReplay replay = kind.newReplay();
      String only = group == null ? null : group.toLowerCase(Locale.ROOT);
      ConformReport report = new ConformReport(lines.name(), replay, only);
      while (true) {
        Recorded recorded = replay.read(record);
        String of = recorded.subject().group();
        if (only == null || only.equals(of)) {
          report.add(of, recorded.replay());
        }
        line = lines.next();
        if (line == null) {
          break;
        }
        record = RecordNode.parse(lines.place(), line);
        if (RecordKind.of(record) != kind) {
          throw record.unexpected("a " + replay.noun());
        }
      }
      if (only != null && report.records() == 0) {
        throw new BadInputException(
            lines.name()
                + ": expected "
                + replay.noun()
                + "s of the group "
                + only
                + ", found none");
      }
      return report;
    }
  }

  private TraceSource records() {
    return file.toString().equals(STANDARD_STREAM)
        ? TraceSource.standardInput()
        : TraceSource.file(file, "a file of records");
  }

  /** Returns whether all is well. */
  private boolean report(ConformReport report, @Nullable WholeFile jsonFile, boolean jsonToOutput) {
    PrintWriter out = spec.commandLine().getOut();
    if (jsonToOutput) {
      out.print(text(report));
    } else {
      report.print(out);
    }
    out.flush();
    if (jsonFile != null) {
      try {
        jsonFile.write(text(report));
      } catch (IOException e) {
        complain("septum: " + jsonFile.describe(e));
        return false;
      }
    }
    return report.isConform();
  }

  private static String text(ConformReport report) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(report.toJson()) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is always JSON", e);
    }
  }

  private void complain(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(line);
    err.flush();
  }
}
