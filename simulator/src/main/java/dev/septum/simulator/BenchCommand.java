package dev.septum.simulator;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * {@code septum bench} as the simulator's jar knows it: the benchmarks are in a jar of their own,
 * which {@code bin/septum} runs instead.
 */
@Command(
    name = "bench",
    description =
        "Runs the benchmarks, draws them, and compares two runs (in bin/septum: they have a jar of their"
            + " own).")
public final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Unmatched private List<String> arguments = new ArrayList<>();

  /** A command that picocli fills. */
  public BenchCommand() {}

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    String wanted = String.join(" ", arguments);
    err.println(
        "septum: the benchmarks are not in this jar; run 'bin/septum bench"
            + (wanted.isEmpty() ? "" : " " + wanted)
            + "'");
    err.flush();
    return ExitCode.USAGE;
  }
}
