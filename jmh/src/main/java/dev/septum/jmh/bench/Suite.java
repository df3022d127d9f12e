package dev.septum.jmh.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What is run if nothing else is said. A benchmark belongs to the first pick whose pattern is found
 * in its name; one that belongs to none is left out.
 */
@SuppressWarnings("ImmutableEnumChecker") // their lists are never changed
enum Suite {
  /** The core paths at 1 and 2 threads, small guests, and a look at peers and locks: minutes. */
  QUICK(
      2,
      new Lengths(3, TimeValue.milliseconds(500), 5, TimeValue.milliseconds(500)),
      List.of(
          new Pick("\\.SeptumPaths\\.", ThreadCounts.of(1, 2), List.of()),
          new Pick("\\.ScalePaths\\.", ThreadCounts.of(1), List.of(1, 4, 16)),
          new Pick("\\.PeerPaths\\.translateRandom$", ThreadCounts.of(1), List.of()),
          new Pick("\\.FaultLockPaths\\.fault4k$", ThreadCounts.of(2), List.of()))),
  /** Everything, at the lengths that the benchmarks themselves ask for: hours. */
  FULL(
      5,
      Lengths.AS_ANNOTATED,
      List.of(
          new Pick(
              "\\.(SeptumPaths|lock\\.\\w+|peers\\.\\w+)\\.", ThreadCounts.UP_TO_CORES, List.of()),
          new Pick("\\.ScalePaths\\.", ThreadCounts.of(1), List.of(1, 16, 128, 1024)),
          new Pick("", ThreadCounts.AS_ANNOTATED, List.of())));

  /** How a guest's memory is named, in GiB. */
  static final String SIZE_PARAM = "gib";

  /** What a GiB mapped in pages of 4K takes of the heap, with room to spare. */
  private static final long HEAP_OF_GIB = 4L << 20;

  private final int forks;
  private final Lengths lengths;
  private final List<Pick> picks;

  Suite(int forks, Lengths lengths, List<Pick> picks) {
    this.forks = forks;
    this.lengths = lengths;
    this.picks = picks;
  }

  /** How often each is run in a JVM of its own. */
  int forks() {
    return forks;
  }

  /** How long. */
  Lengths lengths() {
    return lengths;
  }

  /** The pick to which a benchmark belongs, if any. */
  @Nullable Pick pick(String benchmark) {
    for (Pick pick : picks) {
      if (Pattern.compile(pick.include).matcher(benchmark).find()) {
        return pick;
      }
    }
    return null;
  }

  /**
   * Iterations, and the length of each; null is what the benchmark asks for.
   *
   * @param warmups unmeasured iterations
   * @param warmup their length
   * @param iterations measured ones
   * @param measurement their length
   */
  record Lengths(
      @Nullable Integer warmups,
      @Nullable TimeValue warmup,
      @Nullable Integer iterations,
      @Nullable TimeValue measurement) {
    static final Lengths AS_ANNOTATED = new Lengths(null, null, null, null);

    /** All of it, if nothing is left open. */
    double seconds() {
      return seconds(warmups, warmup) + seconds(iterations, measurement);
    }

    private static double seconds(@Nullable Integer count, @Nullable TimeValue each) {
      return count == null || each == null
          ? 0
          : count * each.convertTo(TimeUnit.MICROSECONDS) / 1e6;
    }

    /** These, and what they leave open from others. */
    Lengths or(Lengths others) {
      return new Lengths(
          warmups == null ? others.warmups : warmups,
          warmup == null ? others.warmup : warmup,
          iterations == null ? others.iterations : iterations,
          measurement == null ? others.measurement : measurement);
    }
  }

  /** At how many threads a benchmark is run. */
  interface ThreadCounts {
    /** What the benchmark says itself. */
    ThreadCounts AS_ANNOTATED = (annotated, cores) -> List.of(annotated);

    /** 1, 2, 4 and so on, and as many as there are cores. */
    ThreadCounts UP_TO_CORES =
        (annotated, cores) ->
            IntStream.concat(
                    IntStream.iterate(1, count -> count < cores, count -> 2 * count),
                    IntStream.of(cores))
                .boxed()
                .toList();

    /** These. */
    static ThreadCounts of(Integer... counts) {
      return (annotated, cores) -> List.of(counts);
    }

    /** Those of a benchmark that asks for {@code annotated} itself. */
    List<Integer> on(int annotated, int cores);
  }

  /**
   * Some benchmarks, and how they are run.
   *
   * @param include a regular expression
   * @param threads thread counts
   * @param sizes GiB of memory, for benchmarks with the parameter {@link #SIZE_PARAM}; those that
   *     the heap cannot hold are left out
   */
  record Pick(String include, ThreadCounts threads, List<Integer> sizes) {
    /** The benchmark's parameters, with the sizes that fit. */
    Map<String, List<String>> params(Map<String, List<String>> annotated, long heapBytes) {
      Map<String, List<String>> params = new TreeMap<>(annotated);
      if (params.containsKey(SIZE_PARAM) && !sizes.isEmpty()) {
        List<String> fitting = new ArrayList<>();
        for (int size : sizes) {
          if (size * HEAP_OF_GIB <= heapBytes) {
            fitting.add(Integer.toString(size));
          }
        }
        params.put(SIZE_PARAM, fitting);
      }
      return params;
    }
  }
}
