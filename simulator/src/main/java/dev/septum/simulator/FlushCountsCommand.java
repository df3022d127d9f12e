package dev.septum.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.replay.FlushCounts;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code septum flush-counts}: how often operations on a whole guest flush and lock. */
@Command(
    name = "flush-counts",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Maps a guest by pages of 2M, splits all of them to 4K, merges them back, and unmaps them; counts the"
          + " TLB flushes, the holds of the MMU's lock and the yields of each. Beside it, the flushes that"
          + " Linux counted when dirty logging was turned off for 131,072 pages of 2M: one for each, and since"
          + " 6.13 gathers them (commit 35ef80eb29ab: dirty_log_perf_test, 64 vCPUs of 4 GiB).",
      ""
    },
    footer = {
      "",
      "The tables of the split take 1/512 of the guest's memory: 512 MiB of heap for 256G, 8 GiB for 4T, and"
          + " some more for the rest. SEPTUM_JAVA_OPTS=-Xmx10g gives java so much.",
      "",
      "Exit codes: 0 sound; 1 the audit failed, the heap is too small, or the JSON cannot be written; 2 bad"
          + " usage."
    })
public final class FlushCountsCommand implements Callable<Integer> {
  private static final long LARGE_PAGE = 2L << 20;
  private static final long LARGEST = 4L << 40;

  @Spec private CommandSpec spec;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "256G",
      converter = MemorySize.class,
      description = "The guest's memory, a multiple of 2M, at most 4T. Default: ${DEFAULT-VALUE}.")
  private long memory;

  @Mixin private JsonOutput json = new JsonOutput();

  /** A command that picocli fills. */
  public FlushCountsCommand() {}

  @Override
  public Integer call() throws BadInputException {
    if (memory % LARGE_PAGE != 0 || memory > LARGEST) {
      throw new ParameterException(
          spec.commandLine(), "--memory wants a multiple of 2M, at most 4T");
    }
    json.check();
    FlushCounts.Result result = FlushCounts.run(memory);
    boolean isLinuxSize = memory / LARGE_PAGE == FlushCounts.LINUX_PAGES;
    boolean isWritten = json.write(tree(result), out -> print(out, result, isLinuxSize));
    return isWritten && result.violations() == 0 ? ExitCode.OK : ExitCode.FAILED;
  }

  private static void print(PrintWriter out, FlushCounts.Result result, boolean isLinuxSize) {
    out.printf(
        "%-6s %10s %8s %13s %16s %7s %8s%n",
        "step", "2M pages", "flushes", "shared holds", "exclusive holds", "yields", "seconds");
    for (FlushCounts.Step step : result.steps()) {
      out.printf(
          Locale.ROOT,
          "%-6s %,10d %,8d %,13d %,16d %,7d %8.3f%n",
          step.name(),
          step.pages(),
          step.flushes(),
          step.sharedHolds(),
          step.exclusiveHolds(),
          step.yields(),
          step.seconds());
    }
    if (isLinuxSize) {
      out.printf(
          Locale.ROOT,
          "Linux, dirty logging turned off for as many: %,d flushes one by one, %,d gathered%n",
          FlushCounts.LINUX_WITHOUT,
          FlushCounts.LINUX_WITH);
    }
  }

  private static ObjectNode tree(FlushCounts.Result result) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ArrayNode steps = root.putArray("steps");
    for (FlushCounts.Step step : result.steps()) {
      steps
          .addObject()
          .put("step", step.name())
          .put("pages", step.pages())
          .put("flushes", step.flushes())
          .put("sharedHolds", step.sharedHolds())
          .put("exclusiveHolds", step.exclusiveHolds())
          .put("yields", step.yields())
          .put("seconds", step.seconds());
    }
    root.putObject("linux")
        .put("pages", FlushCounts.LINUX_PAGES)
        .put("flushesOneByOne", FlushCounts.LINUX_WITHOUT)
        .put("flushesGathered", FlushCounts.LINUX_WITH);
    root.put("violations", result.violations());
    return root;
  }
}
