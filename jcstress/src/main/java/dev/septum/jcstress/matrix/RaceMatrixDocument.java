package dev.septum.jcstress.matrix;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The matrix for people: a table of each tree, its pairs, and what a long run has seen. */
final class RaceMatrixDocument {
  /** Where what a run has seen begins; it is not what the tests say, and is kept as it was. */
  private static final String RESULTS = "\n## As seen\n";

  private static final String HEAD =
      """
      # The race matrix

      Which operations there are on each tree, which pairs of them may overlap, and the jcstress test of each. A pair
      that may overlap has a test with outcomes that only an overlap gives; a pair that the lock forbids has one that
      sees that their holds do not overlap, how often one waited, that the tree is sound, and that each block of it is
      as one of the two orders leaves it. Of the operations that hold the lock several times, in the slots' monitor, no
      two come in turns either. Written by `java -cp jcstress/target/jcstress.jar dev.septum.jcstress.matrix.RaceMatrix
      --write docs/race-matrix.md`.

      | tree | operations | pairs | may overlap: with a test | forbidden: with a test | tests |
      |---|---|---|---|---|---|
      """;

  private static final String SEEN =
      "A run of %d tests: %,d samples, of which %,d are such as only an overlap gives, and %,d"
          + " forbidden.";

  private static final String SOURCES = "../jcstress/src/main/java/";

  private final RaceMatrix matrix;
  private final StringBuilder text = new StringBuilder();

  private RaceMatrixDocument(RaceMatrix matrix) {
    this.matrix = matrix;
  }

  /** All of it but what a run has seen. */
  static String of(RaceMatrix matrix) {
    return new RaceMatrixDocument(matrix).write();
  }

  /** The part of a document that says what a run has seen; empty if it has none. */
  static String resultsIn(String document) {
    int from = document.indexOf(RESULTS);
    return from < 0 ? "" : document.substring(from);
  }

  /** What a run has seen, as that part. */
  static String of(RaceMatrix matrix, StressResults results) {
    return new RaceMatrixDocument(matrix).write(results);
  }

  private String write() {
    text.append(HEAD);
    for (Tree tree : Tree.values()) {
      List<Pair> pairs = Pair.all(tree);
      line(
          String.format(
              "| [%s](#%s) | %d | %d | %s | %s | %d |",
              lower(tree),
              lower(tree),
              Operation.all(tree).size(),
              pairs.size(),
              tested(pairs.stream().filter(Pair::isRacing).toList()),
              tested(pairs.stream().filter(pair -> !pair.isRacing()).toList()),
              pairs.stream().flatMap(pair -> matrix.testsOf(pair).stream()).distinct().count()));
    }
    for (Tree tree : Tree.values()) {
      table(tree);
      list(tree);
    }
    beside();
    return text.toString();
  }

  private String tested(List<Pair> pairs) {
    long with = pairs.stream().filter(pair -> !matrix.testsOf(pair).isEmpty()).count();
    return with + " of " + pairs.size();
  }

  private void table(Tree tree) {
    List<Operation> operations = Operation.all(tree);
    line("");
    line("## " + lower(tree));
    line("");
    line(
        "How many tests a pair has; `lock`: the lock forbids it; `slots`: so does the slots' monitor.");
    line("");
    line(
        operations.stream()
            .map(operation -> " | " + words(operation))
            .collect(Collectors.joining("", "| ", " |")));
    line("|---|" + "---|".repeat(operations.size()));
    for (Operation row : operations) {
      line(
          operations.stream()
              .map(column -> " | " + cell(new Pair(tree, row, column)))
              .collect(Collectors.joining("", "| " + words(row), " |")));
    }
  }

  private String cell(Pair pair) {
    int tests = matrix.testsOf(pair).size();
    String apart = keptApartBy(pair);
    String what = (apart.isEmpty() ? "" : apart + ": ") + (tests == 0 ? "-" : tests);
    return String.format("[%s](#%s)", what, anchor(pair));
  }

  private static String keptApartBy(Pair pair) {
    if (pair.isRacing()) {
      return "";
    }
    return pair.isKeptApartBySlots() ? "slots" : "lock";
  }

  private void list(Tree tree) {
    line("");
    line(
        "| pair | tests | what only an overlap gives; or, where the lock forbids it, what holds |");
    line("|---|---|---|");
    for (Pair pair : Pair.all(tree)) {
      List<RaceTest> tests = matrix.testsOf(pair);
      line(
          String.format(
              "| <a id=\"%s\"></a>%s, %s%s | %s | %s |",
              anchor(pair),
              words(pair.first()),
              words(pair.second()),
              pair.isRacing() ? "" : " (`" + keptApartBy(pair) + "`)",
              tests.stream().map(RaceMatrixDocument::link).collect(Collectors.joining("<br>")),
              tests.stream()
                  .flatMap(test -> sentences(test, pair).stream())
                  .distinct()
                  .collect(Collectors.joining("<br>"))));
    }
  }

  private static List<String> sentences(RaceTest test, Pair pair) {
    List<String> sentences = new ArrayList<>();
    if (pair.isRacing()) {
      sentences.addAll(test.interesting());
      if (!test.unseen(pair).isEmpty()) {
        sentences.add("Nothing: " + test.unseen(pair));
      }
    } else {
      sentences.addAll(test.sentencesOf(test.second(pair)));
      if (sentences.isEmpty()) {
        sentences.add(test.promise());
      }
    }
    return sentences;
  }

  private void beside() {
    List<RaceTest> others = matrix.tests().stream().filter(test -> test.races().isEmpty()).toList();
    line("");
    line("## Tests of no pair");
    line("");
    line(
        "Of what is done before or between two holds of the lock, of the gate, and of the module's");
    line("leaf functions:");
    line("");
    line(others.stream().map(RaceMatrixDocument::link).collect(Collectors.joining(",\n", "", ".")));
  }

  private String write(StressResults results) {
    text.append(RESULTS);
    line("");
    line(
        String.format(
            Locale.ROOT,
            SEEN,
            results.tests(),
            results.total(StressResults.ANY),
            results.total(StressResults.INTERESTING),
            results.total(StressResults.FORBIDDEN)));
    line("");
    line("| test | samples | only by an overlap | forbidden |");
    line("|---|---|---|---|");
    for (RaceTest test : matrix.tests()) {
      line(
          String.format(
              Locale.ROOT,
              "| %s | %,d | %s | %,d |",
              link(test),
              results.samples(test, StressResults.ANY),
              seen(test, results),
              results.samples(test, StressResults.FORBIDDEN)));
      test.pairs().map(test::second).forEach(against -> line(test, against, results));
    }
    return text.toString();
  }

  /** What was seen against one operation, if the test has several in turn. */
  private void line(RaceTest test, Operation against, StressResults results) {
    if (results.samples(test, against, StressResults.ANY) > 0) {
      line(
          String.format(
              Locale.ROOT,
              "| - against %s | %,d | one had to wait: %,d | %,d |",
              words(against),
              results.samples(test, against, StressResults.ANY),
              results.waited(test, against),
              results.samples(test, against, StressResults.FORBIDDEN)));
    }
  }

  private static String seen(RaceTest test, StressResults results) {
    String seen =
        results.of(test).entrySet().stream()
            .filter(row -> row.getValue().expect().equals(StressResults.INTERESTING))
            .map(
                row ->
                    String.format(Locale.ROOT, "`%s` %,d", row.getKey(), row.getValue().samples()))
            .collect(Collectors.joining("<br>"));
    return seen.isEmpty() ? "-" : seen;
  }

  private static String link(RaceTest test) {
    return String.format(
        "[%s](%s%s.java)", test.simpleName(), SOURCES, test.name().replace('.', '/'));
  }

  private static String anchor(Pair pair) {
    return lower(pair.tree()) + "-" + lower(pair.first()) + "-" + lower(pair.second());
  }

  private static String words(Operation operation) {
    return lower(operation).replace('_', ' ');
  }

  private static String lower(Enum<?> name) {
    return name.name().toLowerCase(Locale.ROOT);
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
