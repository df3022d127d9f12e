package dev.septum.jmh;

import dev.septum.sync.GracePeriods;
import dev.septum.sync.ReadSection;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to be protected from the reuse of tables. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class SectionPaths {
  /** The grace periods that all threads share. */
  @State(Scope.Benchmark)
  public static class Shared {
    private final GracePeriods periods = new GracePeriods();
  }

  /** A thread's section, closed. */
  @State(Scope.Thread)
  public static class Closed {
    private ReadSection section;

    /** Registers. */
    @Setup
    public void register(Shared shared) {
      section = shared.periods.register();
    }
  }

  /** A thread's section, open. */
  public static class Open extends Closed {
    /** Opens. */
    @Setup
    public void open(Shared shared) {
      super.section.open();
    }
  }

  /** Opens a section, with its full fence, and closes it. */
  @Benchmark
  public void openAndClose(Closed state) {
    state.section.open();
    state.section.close();
  }

  /** Passes a quiescent point in an open section while nothing is retired. */
  @Benchmark
  public void quiesce(Open state) {
    ((Closed) state).section.quiesce();
  }
}
