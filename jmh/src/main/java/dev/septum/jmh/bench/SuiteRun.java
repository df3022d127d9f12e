package dev.septum.jmh.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.simulator.report.ProgressLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs a plan. The forks of a trial do not follow each other: a round gives each trial one fork,
 * and then comes the next round. So a machine that becomes slower for a minute is slow for all of
 * them, and what was measured is whole after each round.
 */
final class SuiteRun {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** In the message of JMH if another JMH runs on this machine. */
  private static final String LOCK = "JMH lock";

  private final RunPlan plan;
  private final Machine machine;
  private final ProgressLine progress;
  private final Listener listener;
  private final Map<ResultKey, List<BenchmarkResult>> forks = new LinkedHashMap<>();
  private final Map<ResultKey, List<Double>> references = new TreeMap<>();
  private final Set<ResultKey> failed = new HashSet<>();
  private final long start = System.nanoTime();
  private long shown = start - TimeUnit.DAYS.toNanos(1);
  private double plannedDone;
  private boolean isReferenceFailed;

  /**
   * Written by the thread that ends the process, before it ends the forks; read by {@link #run}.
   */
  private volatile boolean isStopped;

  /** Who is told meanwhile. */
  interface Listener {
    /** There is one more fork in {@link SuiteRun#json}. */
    void measured(SuiteRun run) throws IOException;

    /** Something failed; what else is to run goes on. */
    void failed(String what, String details);
  }

  SuiteRun(RunPlan plan, Machine machine, ProgressLine progress, Listener listener) {
    this.plan = plan;
    this.machine = machine;
    this.progress = progress;
    this.listener = listener;
  }

  /**
   * Runs all of it.
   *
   * @return whether everything was measured
   * @throws IOException if the listener does
   */
  boolean run() throws IOException, InterruptedException {
    for (int round = 0; round < plan.forks(); round++) {
      int step = round * plan.stepsOfRound();
      for (Trial trial : plan.trials()) {
        show(++step, round, trial.key().toString());
        if (!failed.contains(trial.key()) && !fork(trial)) {
          return false;
        }
        plannedDone += trial.seconds();
      }
      for (int threads : plan.referenceThreads()) {
        show(++step, round, CReference.PACKAGE + " " + threads);
        reference(threads);
      }
    }
    progress.clear();
    return failed.isEmpty() && !isReferenceFailed;
  }

  /** The process is ending: nothing further is started, and what fails now is not reported. */
  void stop() {
    isStopped = true;
  }

  /** Returns false if nothing else can be run either. */
  private boolean fork(Trial trial) throws IOException {
    if (isStopped) {
      return false;
    }
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream output = System.out;
    try (PrintStream out = new PrintStream(log, false, StandardCharsets.UTF_8)) {
      // JMH hands what a benchmark prints to the standard output, where the results go.
      System.setOut(out);
      Collection<RunResult> results =
          new Runner(
                  trial.fork(plan),
                  OutputFormatFactory.createFormatInstance(out, VerboseMode.NORMAL))
              .run();
      for (RunResult result : results) {
        forks
            .computeIfAbsent(trial.key(), key -> new ArrayList<>())
            .addAll(result.getBenchmarkResults());
      }
      listener.measured(this);
      return true;
    } catch (RunnerException e) {
      if (isStopped) {
        return false;
      }
      String message = Objects.requireNonNullElse(e.getMessage(), "failed");
      failed.add(trial.key());
      progress.clear();
      if (message.contains(LOCK)) {
        listener.failed(message.replaceFirst("^ERROR: ", ""), "");
        return false;
      }
      listener.failed(trial.key() + ": " + message, log.toString(StandardCharsets.UTF_8));
      return true;
    } finally {
      System.setOut(output);
    }
  }

  private void reference(int threads) throws IOException, InterruptedException {
    CReference reference = Objects.requireNonNull(plan.reference());
    Map<String, Double> times;
    try {
      times = reference.run(threads);
    } catch (IOException e) {
      if (isStopped) {
        return;
      }
      isReferenceFailed = true;
      progress.clear();
      listener.failed("" + e.getMessage(), "");
      return;
    }
    times.forEach(
        (operation, time) ->
            references
                .computeIfAbsent(CReference.key(operation, threads), key -> new ArrayList<>())
                .add(time));
    listener.measured(this);
  }

  private void show(int step, int round, String what) {
    long now = System.nanoTime();
    if (now - shown < TimeUnit.MILLISECONDS.toNanos(progress.intervalMillis())) {
      return;
    }
    shown = now;
    String left = "";
    if (plannedDone > 0) {
      double planned = plan.trials().stream().mapToDouble(Trial::seconds).sum() * plan.forks();
      double perPlanned = (now - start) / 1e9 / plannedDone;
      left = ", " + duration((planned - plannedDone) * perPlanned) + " left";
    }
    progress.show(
        String.format(
            Locale.ROOT,
            "%d/%d%s, fork %d of %d: %s",
            step,
            plan.stepsOfRound() * plan.forks(),
            left,
            round + 1,
            plan.forks(),
            what));
  }

  /** 42 s, 12 min, 3.5 h. */
  static String duration(double seconds) {
    if (seconds < 100) {
      return String.format(Locale.ROOT, "%.0f s", seconds);
    }
    return seconds < 6000
        ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
        : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }

  /** Whether there is anything to keep. */
  boolean hasResults() {
    return !forks.isEmpty();
  }

  /** What was measured until now, in JMH's JSON, with the machine. */
  JsonNode json() throws IOException {
    List<RunResult> results = new ArrayList<>();
    for (List<BenchmarkResult> each : forks.values()) {
      BenchmarkParams params = each.get(0).getParams();
      results.add(new RunResult(params, each));
    }
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(text, false, StandardCharsets.UTF_8)) {
      ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(results);
    }
    ArrayNode array = (ArrayNode) MAPPER.readTree(text.toByteArray());
    for (int i = 0; i < results.size(); i++) {
      // JMH was told of one fork at a time.
      ((ObjectNode) array.get(i)).put("forks", results.get(i).getBenchmarkResults().size());
    }
    CReference reference = plan.reference();
    if (reference != null) {
      references.forEach((key, times) -> reference.put(array.addObject(), key, times));
    }
    for (JsonNode node : array) {
      machine.put((ObjectNode) node);
    }
    return array;
  }
}
