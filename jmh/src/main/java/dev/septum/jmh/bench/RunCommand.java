package dev.septum.jmh.bench;

import dev.septum.simulator.Main;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code septum bench run}: what {@code septum bench} does without another command. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Runs the benchmarks; 'septum bench --help' says more.")
public final class RunCommand implements Callable<Integer> {
  @Mixin private RunFlags flags = new RunFlags();

  /** A command that picocli fills. */
  public RunCommand() {}

  @Override
  public Integer call() throws Exception {
    return flags.run();
  }
}
