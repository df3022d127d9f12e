package dev.septum.jcstress.matrix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a run of jcstress saw, from its log (as it is with {@code -v}): for each test, how often
 * each result.
 */
final class StressResults {
  /** What one result was to the test, and how often it was seen. */
  record Seen(String expect, long samples) {}

  /** Of every kind. */
  static final String ANY = "";

  static final String INTERESTING = "Interesting";
  static final String FORBIDDEN = "Forbidden";

  /** From here on each test has the sum over all its configurations. */
  private static final String SUMS = "RUN RESULTS";

  private static final Pattern TEST = Pattern.compile("^\\.+ \\[[A-Z_ ]+\\] (\\S+)$");
  private static final Pattern ROW =
      Pattern.compile(
          "^\\s*(\\S.*?)\\s{2,}([\\d,]+)\\s+<?[\\d.]+%\\s+(Acceptable|Interesting|Forbidden|Unknown)\\b.*");

  private final Map<String, Map<String, Seen>> byTest = new LinkedHashMap<>();

  private StressResults() {}

  /**
   * Reads a log.
   *
   * @throws IOException if it cannot be read
   * @throws IOException if it cannot be read, or is not that of a run that came to its end
   */
  static StressResults read(Path log) throws IOException {
    try {
      return of(Files.readAllLines(log));
    } catch (IllegalArgumentException e) {
      throw new IOException(log + ": " + e.getMessage(), e);
    }
  }

  static StressResults of(List<String> log) {
    int sums = 0;
    while (sums < log.size() && !log.get(sums).startsWith(SUMS)) {
      sums++;
    }
    StressResults results = new StressResults();
    Map<String, Seen> current = new LinkedHashMap<>();
    for (String line : log.subList(sums, log.size())) {
      Matcher test = TEST.matcher(line);
      Matcher row = ROW.matcher(line);
      if (test.matches()) {
        current = results.byTest.computeIfAbsent(test.group(1), name -> new LinkedHashMap<>());
      } else if (row.matches()) {
        long samples = Long.parseLong(row.group(2).replace(",", ""));
        current.put(row.group(1), new Seen(row.group(3), samples));
      }
    }
    if (results.byTest.isEmpty()) {
      throw new IllegalArgumentException("not the log of a whole run of jcstress");
    }
    return results;
  }

  /** How many tests were run. */
  int tests() {
    return byTest.size();
  }

  /** What was seen of a test, by result; nothing if it was not run. */
  Map<String, Seen> of(RaceTest test) {
    return byTest.getOrDefault(test.name(), Map.of());
  }

  /** Samples of a test whose result was of one kind; or {@link #ANY}. */
  long samples(RaceTest test, String expect) {
    return sum(of(test), "", expect);
  }

  /** The same of those whose first result names an operation. */
  long samples(RaceTest test, Operation first, String expect) {
    return sum(of(test), first + ",", expect);
  }

  /** Samples of those in which one of the two had to wait for the lock. */
  long waited(RaceTest test, Operation first) {
    return sum(of(test), first + ", 1,", ANY);
  }

  /** Samples of all tests whose result was of one kind; or {@link #ANY}. */
  long total(String expect) {
    return byTest.values().stream().mapToLong(rows -> sum(rows, "", expect)).sum();
  }

  private static long sum(Map<String, Seen> rows, String begin, String expect) {
    return rows.entrySet().stream()
        .filter(row -> row.getKey().startsWith(begin))
        .filter(row -> expect.equals(ANY) || row.getValue().expect().equals(expect))
        .mapToLong(row -> row.getValue().samples())
        .sum();
  }
}
