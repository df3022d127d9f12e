package dev.septum.jmh.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.jmh.lock.LockKind;
import dev.septum.jmh.lock.LockWaits;
import dev.septum.jmh.lock.Scenario;
import dev.septum.simulator.BadInputException;
import dev.septum.simulator.ExitCode;
import dev.septum.simulator.JsonOutput;
import dev.septum.simulator.Main;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code septum bench waits}: how long who wants the MMU's lock waits for it. */
@Command(
    name = "waits",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Measures how long who wants the MMU's lock waits for those who have it, under each of the locks, and"
          + " prints percentiles of all waits in ns.",
      ""
    },
    footer = {
      "",
      "EXCLUSIVE_UNDER_N: a thread takes the lock alone now and then, while N fault without a rest; its waits"
          + " count. FAULT_UNDER_ZAP, FAULTS_UNDER_ZAP, FAULT_UNDER_2_ZAPS: one or two threads fault while one"
          + " or two zap 1 GiB of 4K pages; the faults that begin in a zap count, whole. With more threads than"
          + " CPUs the tail is the scheduler's.",
      "",
      "All runs in this one JVM. Exit codes: 0 measured; 1 a run failed; 2 bad usage."
    })
public final class WaitsCommand implements Callable<Integer> {
  private static final double MAX_SECONDS = 3600;

  @Spec private CommandSpec spec;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "How long each scenario is measured under each lock, after a quarter of that to warm up."
              + " Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Mixin private JsonOutput json = new JsonOutput();

  /** A command that picocli fills. */
  public WaitsCommand() {}

  @Override
  public Integer call() throws BadInputException {
    ErrorLine error = new ErrorLine(spec);
    if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
      throw error.invalid("--seconds", "a number above 0, at most 3600", Double.toString(seconds));
    }
    json.check();
    Machine machine = Machine.ofThisJvm();
    error.say(machine.toString());
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    machine.put(root);
    ArrayNode results = root.putArray("waits");
    ResultTable table =
        new ResultTable("scenario", "lock", "samples", "p50", "p99", "p99.9", "max", "unit");
    for (Scenario scenario : Scenario.values()) {
      for (LockKind lock : LockKind.values()) {
        LockWaits waits =
            LockWaits.measure(lock, scenario, (long) (seconds * TimeUnit.SECONDS.toNanos(1)));
        waits.put(results.addObject());
        addRow(table, waits);
      }
    }
    return json.write(root, table::print) ? ExitCode.OK : ExitCode.FAILED;
  }

  private static void addRow(ResultTable table, LockWaits waits) {
    Histogram nanos = waits.nanos();
    table.add(
        waits.scenario().name(),
        waits.lock().name(),
        grouped(nanos.getTotalCount()),
        grouped(nanos.getValueAtPercentile(50)),
        grouped(nanos.getValueAtPercentile(99)),
        grouped(nanos.getValueAtPercentile(99.9)),
        grouped(nanos.getMaxValue()),
        "ns");
  }

  private static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }
}
