package dev.septum.jmh.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.septum.jmh.bench.Measured.Interval;
import dev.septum.simulator.BadInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Two files of results, judged key by key. A mean alone says nothing: two runs of the same program
 * never have the same. So a change is one only if the confidence intervals have no value in common,
 * and it matters only if the means differ by more than the tolerance.
 *
 * @param confidence of the intervals
 * @param tolerance 0.05 lets a benchmark become slower by a twentieth
 * @param changes what both have
 * @param missing what only the old file has
 * @param added what only the new file has
 */
record Comparison(
    double confidence,
    double tolerance,
    List<Change> changes,
    List<ResultKey> missing,
    List<ResultKey> added) {

  /** What became of a benchmark. */
  enum Verdict {
    /** Slower, by more than the tolerance, and not by chance. */
    REGRESSION,
    /** Faster, likewise. */
    IMPROVEMENT,
    /** As fast, as far as the two runs can tell. */
    SAME,
    /** Fewer than three samples on a side: there is no interval to judge by. */
    UNKNOWN,
    /** What the C program took: it shows whether the machine is the same, and is not judged. */
    REFERENCE
  }

  /**
   * One benchmark in both files.
   *
   * @param cost by how much it became more expensive: 2 is twice as slow, whatever the mode
   */
  record Change(
      Measured before,
      Measured after,
      Interval beforeInterval,
      Interval afterInterval,
      double cost,
      Verdict verdict) {

    private static Change of(Measured before, Measured after, double confidence, double tolerance) {
      Interval old = before.interval(confidence);
      Interval now = after.interval(confidence);
      double cost =
          before.key().isThroughput()
              ? before.score() / after.score()
              : after.score() / before.score();
      return new Change(before, after, old, now, cost, verdict(before, old, now, cost, tolerance));
    }

    private static Verdict verdict(
        Measured before, Interval old, Interval now, double cost, double tolerance) {
      if (CReference.isOf(before.key())) {
        return Verdict.REFERENCE;
      }
      if (!old.isKnown() || !now.isKnown()) {
        return Verdict.UNKNOWN;
      }
      if (old.overlaps(now)) {
        return Verdict.SAME;
      }
      if (cost > 1 + tolerance) {
        return Verdict.REGRESSION;
      }
      return 1 / cost > 1 + tolerance ? Verdict.IMPROVEMENT : Verdict.SAME;
    }
  }

  /**
   * Compares two files.
   *
   * @throws BadInputException if they measured the same thing in different units, or there are no
   *     samples to compute another interval from than the file's
   */
  static Comparison of(ResultFile old, ResultFile now, double confidence, double tolerance)
      throws BadInputException {
    List<Change> changes = new ArrayList<>();
    List<ResultKey> missing = new ArrayList<>();
    for (Measured before : old.results().values()) {
      Measured after = now.results().get(before.key());
      if (after == null) {
        missing.add(before.key());
        continue;
      }
      if (!before.unit().equals(after.unit())) {
        throw new BadInputException(
            String.format(
                "%s: '%s': expected %s, as in %s, found %s",
                now.name(), after.key(), before.unit(), old.name(), after.unit()));
      }
      check(old, before, confidence);
      check(now, after, confidence);
      changes.add(Change.of(before, after, confidence, tolerance));
    }
    List<ResultKey> added =
        now.results().keySet().stream().filter(key -> !old.results().containsKey(key)).toList();
    return new Comparison(confidence, tolerance, changes, missing, added);
  }

  private static void check(ResultFile file, Measured result, double confidence)
      throws BadInputException {
    if (!result.hasSamples() && confidence != Measured.CONFIDENCE) {
      throw new BadInputException(
          String.format(
              "%s: '%s': no raw data to compute an interval of confidence %s from",
              file.name(), result.key(), confidence));
    }
  }

  /** How many have this verdict. */
  long count(Verdict verdict) {
    return changes.stream().filter(change -> change.verdict() == verdict).count();
  }

  /** For people. */
  ResultTable table() {
    ResultTable table =
        new ResultTable("benchmark", "threads", "old", "", "new", "", "unit", "cost", "verdict");
    for (Change change : changes) {
      ResultKey key = change.before().key();
      table.add(
          key.label(),
          Integer.toString(key.threads()),
          ResultTable.number(change.before().score()),
          ResultTable.error(change.beforeInterval()),
          ResultTable.number(change.after().score()),
          ResultTable.error(change.afterInterval()),
          change.before().unit(),
          String.format(Locale.ROOT, "%.2f", change.cost()),
          word(change.verdict()));
    }
    return table;
  }

  /** For programs. */
  ObjectNode json(String oldName, String newName) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("old", oldName)
        .put("new", newName)
        .put("confidence", confidence)
        .put("tolerance", tolerance)
        .put("regressions", count(Verdict.REGRESSION));
    ArrayNode results = root.putArray("results");
    for (Change change : changes) {
      ObjectNode node = results.addObject();
      put(node, change.before().key());
      node.put("unit", change.before().unit())
          .put("cost", change.cost())
          .put("verdict", word(change.verdict()));
      put(node.putObject("old"), change.before(), change.beforeInterval());
      put(node.putObject("new"), change.after(), change.afterInterval());
    }
    missing.forEach(key -> put(root.withArray("missing").addObject(), key));
    added.forEach(key -> put(root.withArray("added").addObject(), key));
    return root;
  }

  static String word(Verdict verdict) {
    return verdict.name().toLowerCase(Locale.ROOT);
  }

  private static void put(ObjectNode node, ResultKey key) {
    node.put("benchmark", key.benchmark()).put("mode", key.mode()).put("threads", key.threads());
    ObjectNode params = node.putObject("params");
    key.params().forEach(params::put);
  }

  private static void put(ObjectNode node, Measured result, Interval interval) {
    node.put("score", result.score());
    if (interval.isKnown()) {
      node.put("low", interval.low()).put("high", interval.high());
    }
  }
}
