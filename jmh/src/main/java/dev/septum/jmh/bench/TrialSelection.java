package dev.septum.jmh.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Defaults;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Which benchmarks are run, with which parameters, at which thread counts.
 *
 * @param suite what there is to choose from if {@code includes} is empty, and how it is run
 * @param includes of all benchmarks, those in whose name one is found
 * @param threads in the place of the suite's; empty for those
 * @param params in the place of the suite's and the benchmarks' own
 * @param lengths for the time it takes
 * @param cores of this machine
 * @param heapBytes what a fork may use
 */
record TrialSelection(
    Suite suite,
    List<Pattern> includes,
    List<Integer> threads,
    Map<String, List<String>> params,
    Suite.Lengths lengths,
    int cores,
    long heapBytes) {
  private static final Suite.Pick ANY =
      new Suite.Pick("", Suite.ThreadCounts.AS_ANNOTATED, List.of());

  /** All benchmarks of the class path. */
  static Collection<BenchmarkListEntry> all() {
    return BenchmarkList.defaultList()
        .find(
            OutputFormatFactory.createFormatInstance(System.err, VerboseMode.SILENT),
            List.of(".*"),
            List.of());
  }

  /** What is run of these. */
  List<Trial> trials(Collection<BenchmarkListEntry> benchmarks) {
    List<Trial> trials = new ArrayList<>();
    for (BenchmarkListEntry benchmark : benchmarks) {
      String name = benchmark.getUsername();
      Suite.Pick pick = suite.pick(name);
      boolean isWanted =
          includes.isEmpty()
              ? pick != null
              : includes.stream().anyMatch(include -> include.matcher(name).find());
      if (isWanted) {
        add(trials, benchmark, Objects.requireNonNullElse(pick, ANY));
      }
    }
    return trials;
  }

  private void add(List<Trial> trials, BenchmarkListEntry benchmark, Suite.Pick pick) {
    int groupThreads = Arrays.stream(benchmark.getThreadGroups()).sum();
    boolean isGroup = groupThreads > 1;
    int annotated = benchmark.getThreads().orElse(1);
    List<Integer> counts =
        threads.isEmpty() ? pick.threads().on(Math.max(annotated, 1), cores) : threads;
    if (isGroup) {
      counts = List.of(groupThreads);
    }
    for (Map<String, String> values : product(parameters(benchmark, pick))) {
      for (int count : counts) {
        ResultKey key =
            new ResultKey(benchmark.getUsername(), benchmark.getMode().shortLabel(), count, values);
        trials.add(new Trial(key, isGroup, seconds(benchmark)));
      }
    }
  }

  private Map<String, List<String>> parameters(BenchmarkListEntry benchmark, Suite.Pick pick) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    if (benchmark.getParams().hasValue()) {
      benchmark.getParams().get().forEach((name, choices) -> values.put(name, List.of(choices)));
    }
    Map<String, List<String>> chosen = pick.params(values, heapBytes);
    chosen.replaceAll((name, choices) -> params.getOrDefault(name, choices));
    return chosen;
  }

  private static List<Map<String, String>> product(Map<String, List<String>> parameters) {
    List<Map<String, String>> product = List.of(Map.of());
    for (Map.Entry<String, List<String>> parameter : parameters.entrySet()) {
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> before : product) {
        for (String value : parameter.getValue()) {
          Map<String, String> values = new LinkedHashMap<>(before);
          values.put(parameter.getKey(), value);
          longer.add(values);
        }
      }
      product = longer;
    }
    return product;
  }

  private double seconds(BenchmarkListEntry benchmark) {
    Suite.Lengths annotated =
        new Suite.Lengths(
            benchmark.getWarmupIterations().orElse(Defaults.WARMUP_ITERATIONS),
            benchmark.getWarmupTime().orElse(Defaults.WARMUP_TIME),
            benchmark.getMeasurementIterations().orElse(Defaults.MEASUREMENT_ITERATIONS),
            benchmark.getMeasurementTime().orElse(Defaults.MEASUREMENT_TIME));
    return lengths.or(annotated).seconds();
  }
}
