package dev.septum.jmh.bench;

import java.util.List;
import org.openjdk.jmh.util.ListStatistics;

/**
 * One result of a file.
 *
 * @param key what was measured
 * @param unit JMH's unit, such as ns/op
 * @param score the mean
 * @param atDefault the interval that the file gives, at {@link #CONFIDENCE}
 * @param samples the score of each iteration of each fork; empty if the file has none
 * @param bytesPerOp what the gc profiler counted; NaN if it was not on
 * @param machine on what
 */
record Measured(
    ResultKey key,
    String unit,
    double score,
    Interval atDefault,
    List<Double> samples,
    double bytesPerOp,
    Machine machine) {

  /** The confidence of JMH's own intervals. */
  static final double CONFIDENCE = 0.999;

  /**
   * A confidence interval of a mean. That of fewer than three samples is not known: both ends are
   * NaN.
   */
  record Interval(double low, double high) {
    static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN);

    boolean isKnown() {
      return !Double.isNaN(low) && !Double.isNaN(high);
    }

    /** Whether they have a value in common; an unknown one may have any. */
    boolean overlaps(Interval other) {
      return !isKnown() || !other.isKnown() || (low <= other.high && other.low <= high);
    }

    /** Half of its length; NaN if it is not known. */
    double error() {
      return (high - low) / 2;
    }
  }

  /** Whether {@link #interval} knows more than the file gives. */
  boolean hasSamples() {
    return !samples.isEmpty();
  }

  /**
   * Where the mean is, as JMH computes it: by Student's t-distribution, from the iterations of all
   * forks.
   *
   * @param confidence above 0 and below 1; {@link #CONFIDENCE} if there are no samples
   */
  Interval interval(double confidence) {
    if (!hasSamples()) {
      return atDefault;
    }
    return interval(samples, confidence);
  }

  /** The interval of these samples. */
  static Interval interval(List<Double> samples, double confidence) {
    double[] values = samples.stream().mapToDouble(Double::doubleValue).toArray();
    double[] ends = new ListStatistics(values).getConfidenceIntervalAt(confidence);
    return new Interval(ends[0], ends[1]);
  }
}
