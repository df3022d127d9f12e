package dev.septum.jcstress.matrix;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.Outcome;

/**
 * What a jcstress test says of itself.
 *
 * @param name of its class
 * @param races the pairs that it is the test of; none if it is not of the matrix
 */
record RaceTest(String name, List<Race> races, List<Outcome> outcomes) {

  static RaceTest of(Class<?> test) {
    return new RaceTest(
        test.getName(),
        List.of(test.getAnnotationsByType(Race.class)),
        List.of(test.getAnnotationsByType(Outcome.class)));
  }

  /** Its name without its package. */
  String simpleName() {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /** The pairs that it is the test of, each once, as it says them. */
  Stream<Pair> pairs() {
    return races.stream().map(Pair::of).distinct();
  }

  /** What it says of the outcomes that only an overlap gives. */
  List<String> interesting() {
    return outcomes.stream()
        .filter(outcome -> outcome.expect() == Expect.ACCEPTABLE_INTERESTING)
        .map(Outcome::desc)
        .toList();
  }

  /** What it says of the outcomes whose first result names an operation. */
  List<String> sentencesOf(Operation operation) {
    return outcomes.stream()
        .filter(outcome -> Arrays.stream(outcome.id()).anyMatch(id -> isFirst(operation, id)))
        .map(Outcome::desc)
        .toList();
  }

  /** Which operation of a pair it calls the second. */
  Operation second(Pair pair) {
    return races.stream()
        .filter(race -> Pair.of(race).equals(pair))
        .map(Race::second)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(name + " is no test of " + pair));
  }

  /** What it says of a result that it does not expect. */
  String promise() {
    return outcomes.stream()
        .filter(outcome -> outcome.expect() == Expect.FORBIDDEN)
        .map(Outcome::desc)
        .collect(Collectors.joining(" "));
  }

  /** Whether the first of several results is the name of an operation. */
  static boolean isFirst(Operation operation, String results) {
    return results.startsWith(operation + ",");
  }

  /** Why no result can tell that a pair overlapped; empty if it does not say. */
  String unseen(Pair pair) {
    return races.stream()
        .filter(race -> Pair.of(race).equals(pair))
        .map(Race::unseen)
        .filter(why -> !why.isBlank())
        .findFirst()
        .orElse("");
  }
}
