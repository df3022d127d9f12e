package dev.septum.jcstress.matrix;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Outcome;

/**
 * Every pair of operations on every tree, and the tests of each.
 *
 * <p>A pair that may overlap wants a test with an outcome that only an overlap gives, or a reason
 * why there is none. A pair that the lock keeps apart wants a test in which no such outcome is
 * acceptable.
 */
public final class RaceMatrix {
  /** The trees each of whose racing pairs must have a test; forbidden pairs must on every tree. */
  static final Set<Tree> COMPLETE = Collections.unmodifiableSet(EnumSet.allOf(Tree.class));

  private static final String TEST_LIST = "META-INF/TestList";

  /** How a line of the list begins: with the length of the test's name, which follows. */
  private static final Pattern LISTED = Pattern.compile("^JCTEST(\\d+)S");

  private static final String USAGE =
      """
      usage: java -cp jcstress.jar dev.septum.jcstress.matrix.RaceMatrix --write FILE [--results LOG]
             java -cp jcstress.jar dev.septum.jcstress.matrix.RaceMatrix --check FILE

        --write FILE   writes the matrix of all tests; keeps what FILE says of a run
        --results LOG  says what a run has seen, by the log that jcstress wrote with -v
        --check FILE   whether FILE is what --write would write

      Both print each rule that does not hold, and exit with 1 if there is one; with 2 if a file
      cannot be read or written.""";

  private final List<RaceTest> tests;
  private final Map<Pair, List<RaceTest>> byPair = new LinkedHashMap<>();

  RaceMatrix(List<RaceTest> tests) {
    this.tests = tests.stream().sorted(Comparator.comparing(RaceTest::name)).toList();
    for (Tree tree : Tree.values()) {
      Pair.all(tree).forEach(pair -> byPair.put(pair, new ArrayList<>()));
    }
    for (RaceTest test : this.tests) {
      test.pairs().filter(Pair::exists).forEach(pair -> testsOf(pair).add(test));
    }
  }

  /** That of all tests that jcstress would find. */
  static RaceMatrix load() {
    List<RaceTest> tests = new ArrayList<>();
    try {
      ClassLoader loader = RaceMatrix.class.getClassLoader();
      for (URL list : Collections.list(loader.getResources(TEST_LIST))) {
        try (BufferedReader lines =
            new BufferedReader(new InputStreamReader(list.openStream(), StandardCharsets.UTF_8))) {
          for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher listed = LISTED.matcher(line);
            if (listed.find()) {
              int end = listed.end() + Integer.parseInt(listed.group(1));
              String name = line.substring(listed.end(), end);
              tests.add(RaceTest.of(Class.forName(name, false, loader)));
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("the list of tests names one that is not there", e);
    }
    return new RaceMatrix(tests);
  }

  /** All tests, by name. */
  List<RaceTest> tests() {
    return tests;
  }

  /** The tests of a pair, by name. */
  List<RaceTest> testsOf(Pair pair) {
    List<RaceTest> found = byPair.get(pair);
    if (found == null) {
      throw new IllegalArgumentException("no pair of the matrix: " + pair);
    }
    return found;
  }

  /**
   * What does not hold, a line for each.
   *
   * @param complete the trees each of whose racing pairs must have a test
   */
  List<String> violations(Set<Tree> complete) {
    List<String> violations = new ArrayList<>();
    for (RaceTest test : tests) {
      judge(test, violations);
    }
    byPair.forEach(
        (pair, of) -> {
          if (!of.isEmpty()) {
            judge(pair, of, violations);
          } else if (!pair.isRacing() || complete.contains(pair.tree())) {
            violations.add(
                String.format(
                    "%s (%s) has no test", pair, pair.isRacing() ? "racing" : "forbidden"));
          }
        });
    return violations;
  }

  /** Whether a document says what {@code --write} would write; what a run has seen may differ. */
  boolean isWrittenIn(String document) {
    return document.equals(RaceMatrixDocument.of(this) + RaceMatrixDocument.resultsIn(document));
  }

  private static void judge(RaceTest test, List<String> violations) {
    test.pairs()
        .filter(pair -> !pair.exists())
        .forEach(
            pair ->
                violations.add(
                    String.format("%s says %s, which is no pair there", test.simpleName(), pair)));
    for (Outcome outcome : test.outcomes()) {
      if (outcome.desc().isBlank()) {
        violations.add(
            String.format(
                "%s does not say what '%s' means",
                test.simpleName(), String.join("' or '", outcome.id())));
      }
    }
  }

  /** Writes the matrix, or checks what is written; {@code --help} says how. */
  public static void main(String[] arguments) throws IOException {
    int exit = run(List.of(arguments), System.out);
    if (exit != 0) {
      System.exit(exit);
    }
  }

  static int run(List<String> arguments, PrintStream out) throws IOException {
    boolean hasResults = arguments.size() == 4 && arguments.get(2).equals("--results");
    boolean writes = !arguments.isEmpty() && arguments.get(0).equals("--write");
    boolean checks = arguments.size() == 2 && arguments.get(0).equals("--check");
    if (!checks && !(writes && (arguments.size() == 2 || hasResults))) {
      out.println(USAGE);
      return arguments.equals(List.of("--help")) ? 0 : 2;
    }
    try {
      return writes
          ? write(Path.of(arguments.get(1)), hasResults ? Path.of(arguments.get(3)) : null, out)
          : check(Path.of(arguments.get(1)), out);
    } catch (NoSuchFileException e) {
      out.println(e.getFile() + ": no such file");
    } catch (IOException e) {
      out.println("cannot be read or written: " + e.getMessage());
    }
    return 2;
  }

  private static int write(Path file, @Nullable Path log, PrintStream out) throws IOException {
    RaceMatrix matrix = load();
    List<String> violations = matrix.violations(COMPLETE);
    String seen = Files.exists(file) ? RaceMatrixDocument.resultsIn(Files.readString(file)) : "";
    if (log != null) {
      StressResults results = StressResults.read(log);
      violations.addAll(matrix.neverMet(results));
      seen = RaceMatrixDocument.of(matrix, results);
    }
    Files.writeString(file, RaceMatrixDocument.of(matrix) + seen);
    return report(violations, out);
  }

  private static int check(Path file, PrintStream out) throws IOException {
    RaceMatrix matrix = load();
    List<String> violations = matrix.violations(COMPLETE);
    if (!matrix.isWrittenIn(Files.readString(file))) {
      violations.add(file + " is not what --write writes");
    }
    return report(violations, out);
  }

  private static int report(List<String> violations, PrintStream out) {
    violations.forEach(out::println);
    return violations.isEmpty() ? 0 : 1;
  }

  /** Operations that the lock keeps apart, of which in a run none had to wait for the other. */
  List<String> neverMet(StressResults results) {
    List<String> lines = new ArrayList<>();
    for (RaceTest test : tests) {
      test.pairs()
          .filter(pair -> !pair.isRacing())
          .map(test::second)
          .filter(other -> results.samples(test, other, StressResults.ANY) > 0)
          .filter(other -> results.waited(test, other) == 0)
          .forEach(
              other -> lines.add(test.simpleName() + " and " + other + " have never met there"));
    }
    return lines;
  }

  private static void judge(Pair pair, List<RaceTest> of, List<String> violations) {
    if (!pair.isRacing()) {
      of.stream()
          .filter(test -> !test.interesting().isEmpty())
          .forEach(
              test ->
                  violations.add(
                      String.format(
                          "%s is forbidden, but %s accepts what only an overlap gives",
                          pair, test.simpleName())));
    } else if (of.stream()
        .allMatch(test -> test.interesting().isEmpty() && test.unseen(pair).isEmpty())) {
      violations.add(
          String.format(
              "%s may overlap, but %s has no ACCEPTABLE_INTERESTING outcome, nor says why",
              pair, String.join(", ", of.stream().map(RaceTest::simpleName).toList())));
    }
  }
}
