package dev.septum.jmh.bench;

import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * One benchmark with one set of parameters at one number of threads; each fork of it is a run of
 * JMH.
 *
 * @param key what is measured
 * @param isGroup whether its threads do different things, so that their number is its own
 * @param seconds how long a fork measures and warms up
 */
record Trial(ResultKey key, boolean isGroup, double seconds) {

  /** What JMH is told for one fork. */
  Options fork(RunPlan plan) {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(key.benchmark()) + "$")
            .forks(1)
            .warmupForks(0)
            .shouldFailOnError(true)
            .jvm(plan.java());
    key.params().forEach(options::param);
    if (!isGroup) {
      options.threads(key.threads());
    }
    if (!plan.jvmArgs().isEmpty()) {
      options.jvmArgsAppend(plan.jvmArgs().toArray(new String[0]));
    }
    if (plan.countsAllocation()) {
      options.addProfiler(GCProfiler.class);
    }
    Suite.Lengths lengths = plan.lengths();
    if (lengths.warmups() != null) {
      options.warmupIterations(lengths.warmups());
    }
    if (lengths.warmup() != null) {
      options.warmupTime(lengths.warmup());
    }
    if (lengths.iterations() != null) {
      options.measurementIterations(lengths.iterations());
    }
    if (lengths.measurement() != null) {
      options.measurementTime(lengths.measurement());
    }
    return options.build();
  }
}
