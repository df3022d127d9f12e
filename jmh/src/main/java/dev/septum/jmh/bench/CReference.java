package dev.septum.jmh.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.jmh.bench.Measured.Interval;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program outside the JVM that does the work of {@link dev.septum.jmh.SeptumPaths} without
 * anything around it. It is called with a number of threads, and prints a line for each operation:
 *
 * <pre>{@code translate             2 threads      6.30 ns/op     317.46 Mops/s  (anything)}</pre>
 *
 * Its results are kept beside JMH's under the name {@code cref.OPERATION}: each run is a fork with
 * one sample.
 *
 * @param program the executable
 */
record CReference(Path program) {
  /** The package that its results have in a file. */
  static final String PACKAGE = "cref";

  /** The class whose methods its operations are named after. */
  static final String COUNTERPART = "SeptumPaths";

  private static final String UNIT = "ns/op";
  private static final Pattern LINE =
      Pattern.compile("(\\w+)\\s+(\\d+) threads?\\s+(\\d+(?:\\.\\d+)?) ns/op\\b.*");

  /**
   * Runs it.
   *
   * @return ns for each operation of one thread, by the operation's name
   * @throws IOException if it cannot be run, fails, or prints something else; in one line
   */
  Map<String, Double> run(int threads) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(program.toString(), Integer.toString(threads))
            .redirectErrorStream(true)
            .start();
    try {
      process.getOutputStream().close();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        throw new IOException(program + " " + threads + ": ended with exit code " + code);
      }
      return parse(text, threads);
    } finally {
      process.destroy();
    }
  }

  /**
   * What its output says.
   *
   * @throws IOException if a line is not of the form above, or none is
   */
  Map<String, Double> parse(String text, int threads) throws IOException {
    Map<String, Double> times = new LinkedHashMap<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      Matcher matcher = LINE.matcher(line.strip());
      if (!matcher.matches() || !Integer.toString(threads).equals(matcher.group(2))) {
        throw new IOException(
            String.format(
                "%s %d: line %d: expected 'OPERATION %d threads N ns/op', found '%s'",
                program, threads, number, threads, line.strip()));
      }
      times.put(
          Objects.requireNonNull(matcher.group(1)),
          Double.valueOf(Objects.requireNonNull(matcher.group(3))));
    }
    if (times.isEmpty()) {
      throw new IOException(program + " " + threads + ": no output");
    }
    return times;
  }

  /** The key under which an operation is kept. */
  static ResultKey key(String operation, int threads) {
    return new ResultKey(PACKAGE + "." + operation, "avgt", threads, Map.of());
  }

  /** Whether a result is this program's. */
  static boolean isOf(ResultKey key) {
    return key.className().equals(PACKAGE);
  }

  /** Puts a result as JMH would, one sample a fork. */
  void put(ObjectNode node, ResultKey key, List<Double> forks) {
    Interval interval = Measured.interval(forks, Measured.CONFIDENCE);
    node.put("benchmark", key.benchmark())
        .put("mode", key.mode())
        .put("threads", key.threads())
        .put("forks", forks.size())
        .put("jvm", program.toString())
        .put("warmupIterations", 0)
        .put("measurementIterations", 1);
    node.putArray("jvmArgs");
    ObjectNode metric = node.putObject("primaryMetric");
    metric.put(
        "score", forks.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN));
    putNumber(metric.putArray("scoreConfidence"), interval.low(), interval.high());
    metric.put("scoreUnit", UNIT);
    ArrayNode raw = metric.putArray("rawData");
    forks.forEach(sample -> raw.addArray().add(sample));
    if (interval.isKnown()) {
      metric.put("scoreError", interval.error());
    } else {
      metric.put("scoreError", "NaN");
    }
    node.putObject("secondaryMetrics");
  }

  /** JMH writes NaN in quotes. */
  private static void putNumber(ArrayNode array, double... numbers) {
    for (double number : numbers) {
      if (Double.isNaN(number)) {
        array.add("NaN");
      } else {
        array.add(number);
      }
    }
  }
}
