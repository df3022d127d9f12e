package dev.septum.simulator.soak;

import dev.septum.paging.GfnRange;
import dev.septum.simulator.replay.RunState;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A thread of a soak: does one thing after the other, as its choices say, until the run ends. */
abstract class SoakThread implements Runnable {
  private final Choices choices;
  private final OperationLog log;
  private final int slice;
  private final long pauseNanos;
  private final QuietPoint quiet;
  private final RunState state;

  /**
   * A thread.
   *
   * @param slice how many operations it does before it comes out
   * @param pauseMicros for how long it then rests
   */
  SoakThread(Choices choices, OperationLog log, int slice, long pauseMicros, SoakMachine machine) {
    this.choices = choices;
    this.log = log;
    this.slice = slice;
    this.pauseNanos = TimeUnit.MICROSECONDS.toNanos(pauseMicros);
    this.quiet = machine.quiet();
    this.state = machine.state();
  }

  final OperationLog log() {
    return log;
  }

  /** All that it writes. */
  List<OperationLog> logs() {
    return List.of(log);
  }

  final Choices choices() {
    return choices;
  }

  final RunState state() {
    return state;
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // there may be more threads than CPUs
  public final void run() {
    try {
      while (!state.isStopped()) {
        quiet.goIn();
        try {
          for (int i = 0; i < slice && !state.isStopped() && !quiet.isWanted(); i++) {
            step();
          }
        } finally {
          quiet.comeOut();
        }
        if (pauseNanos > 0) {
          LockSupport.parkNanos(pauseNanos);
        } else {
          Thread.yield();
        }
      }
    } catch (Throwable e) {
      state.fail(log.thread(), e);
    }
  }

  /** Does the next thing, or several. */
  void step() {
    choices.next();
    GfnRange range = choices.range();
    long number = log.begin(choices.operation(), range.start(), range.pages());
    log.end(number, perform(choices.operation(), range));
  }

  /**
   * Does one thing.
   *
   * @return how many leaves, tables or pages it was done to; for an access the ordinal of its
   *     outcome
   */
  abstract long perform(Operation operation, GfnRange range);
}
