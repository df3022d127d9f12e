package dev.septum.jmh.bench;

import java.util.Comparator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What was measured: results of two files with the same key are compared.
 *
 * @param benchmark the whole name, as in JMH: package, class, method
 * @param mode JMH's short name: avgt, thrpt, sample, ss
 * @param threads how many threads
 * @param params the benchmark's parameters
 */
record ResultKey(String benchmark, String mode, int threads, SortedMap<String, String> params)
    implements Comparable<ResultKey> {
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final int DIGITS = 20;

  /** Parameters that have numbers are in the order of those. */
  private static final Comparator<ResultKey> ORDER =
      Comparator.comparing(ResultKey::benchmark)
          .thenComparing(ResultKey::mode)
          .thenComparing(key -> NUMBER.matcher(key.paramText()).replaceAll(ResultKey::padded))
          .thenComparing(ResultKey::paramText)
          .thenComparingInt(ResultKey::threads);

  ResultKey(String benchmark, String mode, int threads, Map<String, String> params) {
    this(benchmark, mode, threads, new TreeMap<>(params));
  }

  private static String padded(MatchResult number) {
    String digits = number.group();
    return "0".repeat(Math.max(0, DIGITS - digits.length())) + digits;
  }

  /** The method. */
  String operation() {
    return benchmark.substring(benchmark.lastIndexOf('.') + 1);
  }

  /** The class, without its package. */
  String className() {
    int dot = benchmark.lastIndexOf('.');
    return dot < 0 ? "" : benchmark.substring(benchmark.lastIndexOf('.', dot - 1) + 1, dot);
  }

  /** Class, method and parameters: {@code ScalePaths.walkAnywhere gib=16}. */
  String label() {
    String name = className().isEmpty() ? operation() : className() + "." + operation();
    return params.isEmpty() ? name : name + " " + paramText();
  }

  /** {@code mix=DENSE peer=SKIP_LIST}. */
  String paramText() {
    return params.entrySet().stream()
        .map(param -> param.getKey() + "=" + param.getValue())
        .collect(Collectors.joining(" "));
  }

  /** Whether more is better. */
  boolean isThroughput() {
    return mode.equals("thrpt");
  }

  @Override
  public int compareTo(ResultKey other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return label() + ", " + threads + (threads == 1 ? " thread" : " threads");
  }
}
