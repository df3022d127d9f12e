package dev.septum.simulator.replay;

import dev.septum.mmu.MachineBuggedException;
import dev.septum.paging.TableArenaFullException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Whether the threads of a run go on, and if not, why. */
public final class RunState {
  private final AtomicReference<@Nullable String> failure = new AtomicReference<>();
  private volatile boolean stopped;

  /** They go on. */
  public RunState() {}

  /** Stops all threads, at their next look; all is well. */
  public void end() {
    stopped = true;
  }

  /** Stops all threads, at their next look; the first reason is kept. */
  public void fail(String what) {
    failure.compareAndSet(null, what);
    stopped = true;
  }

  /** Stops all threads for what one of them has met. */
  public void fail(String who, Throwable thrown) {
    fail(who + ": " + describe(thrown));
  }

  /** Whether they are to end. */
  public boolean isStopped() {
    return stopped;
  }

  /** The first reason; null if there is none. */
  public @Nullable String failure() {
    return failure.get();
  }

  private static String describe(Throwable thrown) {
    if (thrown instanceof TableArenaFullException) {
      return thrown.getMessage() + " (--max-tables)";
    }
    if (thrown instanceof MachineBuggedException) {
      return "" + thrown.getMessage();
    }
    if (thrown instanceof OutOfMemoryError) {
      return "out of memory (" + thrown.getMessage() + "); give java a larger heap";
    }
    StackTraceElement[] trace = thrown.getStackTrace();
    return thrown + (trace.length == 0 ? "" : " at " + trace[0]);
  }
}
