package dev.septum.jmh.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.jmh.bench.Comparison.Change;
import dev.septum.jmh.bench.Comparison.Verdict;
import org.junit.jupiter.api.Test;

/** What is a regression: neither a mean alone nor an interval alone says it. */
class ComparisonTest {
  private static final double TOLERANCE = 0.05;
  private static final double[] STEADY = {100, 101, 99, 100, 100};
  private static final double[] SLOWER = {120, 121, 119, 120, 120};
  private static final double[] FASTER = {80, 81, 79, 80, 80};
  private static final double[] SLOWER_BY_A_BIT = {103, 103.1, 102.9, 103, 103};
  private static final double[] STEADIER = {100, 100.1, 99.9, 100, 100};
  private static final double[] NOISY_AND_SLOWER = {80, 190, 95, 130, 105};

  @Test
  void slowerBeyondChanceAndToleranceIsARegression() throws Exception {
    Change change = change(STEADY, SLOWER);
    assertEquals(Verdict.REGRESSION, change.verdict());
    assertEquals(1.2, change.cost(), 1e-9);
    assertTrue(byMeanAlone(change) && byIntervalAlone(change));
  }

  @Test
  void fasterIsAnImprovement() throws Exception {
    assertEquals(Verdict.IMPROVEMENT, change(STEADY, FASTER).verdict());
    assertEquals(Verdict.IMPROVEMENT, change(SLOWER, STEADY).verdict());
  }

  @Test
  void meanThatIsWorseByChanceIsNone() throws Exception {
    Change change = change(STEADY, NOISY_AND_SLOWER);
    assertEquals(1.2, change.cost(), 1e-9);
    assertEquals(Verdict.SAME, change.verdict());
    assertTrue(byMeanAlone(change), "the broken gate would cry");
  }

  @Test
  void differenceThatIsSureButSmallIsNone() throws Exception {
    Change change = change(STEADIER, SLOWER_BY_A_BIT);
    assertEquals(Verdict.SAME, change.verdict());
    assertTrue(byIntervalAlone(change), "the broken gate would cry");
    assertEquals(Verdict.REGRESSION, change(STEADIER, SLOWER_BY_A_BIT, 0.999, 0.02).verdict());
  }

  @Test
  void lessConfidenceSeesMore() throws Exception {
    double[] old = {100, 104, 96, 100, 100};
    double[] now = {108, 112, 104, 108, 108};
    assertEquals(Verdict.SAME, change(old, now, 0.999, TOLERANCE).verdict());
    assertEquals(Verdict.REGRESSION, change(old, now, 0.9, TOLERANCE).verdict());
  }

  @Test
  void moreThroughputIsBetter() throws Exception {
    Results old = new Results().add("a.B.c", 1, STEADY);
    Results now = new Results().add("a.B.c", 1, SLOWER);
    old.last().put("mode", "thrpt");
    now.last().put("mode", "thrpt");
    assertEquals(Verdict.IMPROVEMENT, compare(old, now).changes().get(0).verdict());
    assertEquals(Verdict.REGRESSION, compare(now, old).changes().get(0).verdict());
  }

  @Test
  void fewerThanThreeSamplesAreNotJudged() throws Exception {
    Change change = change(new double[] {100, 101}, SLOWER);
    assertEquals(Verdict.UNKNOWN, change.verdict());
    assertFalse(change.beforeInterval().isKnown());
  }

  @Test
  void intervalOfTheFileIsTakenWhereThereAreNoSamples() throws Exception {
    Results old = new Results().add("a.B.c", 1, STEADY);
    Results now = new Results().add("a.B.c", 1, SLOWER);
    for (Results each : new Results[] {old, now}) {
      each.lastMetric().remove("rawData");
      each.lastMetric().putArray("scoreConfidence").add(90).add(110);
    }
    assertEquals(Verdict.SAME, compare(old, now).changes().get(0).verdict());
    now.lastMetric().putArray("scoreConfidence").add(111).add(130);
    assertEquals(Verdict.REGRESSION, compare(old, now).changes().get(0).verdict());
  }

  @Test
  void programInCIsShownAndNotJudged() throws Exception {
    Results old = new Results().add("cref.translate", 1, STEADY);
    Results now = new Results().add("cref.translate", 1, SLOWER);
    assertEquals(Verdict.REFERENCE, compare(old, now).changes().get(0).verdict());
  }

  @Test
  void threadsAndParametersTellBenchmarksApart() throws Exception {
    Results old =
        new Results()
            .add("a.B.c", 1, STEADY)
            .add("a.B.c", 2, STEADY)
            .add("a.B.c", 1, "p=1", STEADY);
    Results now = new Results().add("a.B.c", 2, SLOWER).add("a.B.c", 1, "p=2", STEADY);
    Comparison comparison = compare(old, now);
    assertEquals(1, comparison.changes().size());
    assertEquals(2, comparison.changes().get(0).before().key().threads());
    assertEquals("[B.c, 1 thread, B.c p=1, 1 thread]", comparison.missing().toString());
    assertEquals("[B.c p=2, 1 thread]", comparison.added().toString());
  }

  @Test
  void intervalIsThatOfJmh() {
    // t(0.9995; 4) = 8.610; the deviation of these is 1 / sqrt(2)
    double error = 8.610 * Math.sqrt(0.5) / Math.sqrt(5);
    Measured.Interval interval =
        Measured.interval(java.util.List.of(100.0, 101.0, 99.0, 100.0, 100.0), 0.999);
    assertEquals(100 - error, interval.low(), 0.001);
    assertEquals(100 + error, interval.high(), 0.001);
  }

  // Gates that would not do.

  private static boolean byMeanAlone(Change change) {
    return change.cost() > 1 + TOLERANCE;
  }

  private static boolean byIntervalAlone(Change change) {
    return change.afterInterval().low() > change.beforeInterval().high();
  }

  private static Change change(double[] old, double[] now) throws Exception {
    return change(old, now, Measured.CONFIDENCE, TOLERANCE);
  }

  private static Change change(double[] old, double[] now, double confidence, double tolerance)
      throws Exception {
    return Comparison.of(
            new Results().add("a.B.c", 1, old).file("old"),
            new Results().add("a.B.c", 1, now).file("new"),
            confidence,
            tolerance)
        .changes()
        .get(0);
  }

  private static Comparison compare(Results old, Results now) throws Exception {
    return Comparison.of(old.file("old"), now.file("new"), Measured.CONFIDENCE, TOLERANCE);
  }
}
