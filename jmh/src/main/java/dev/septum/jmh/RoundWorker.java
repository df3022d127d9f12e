package dev.septum.jmh;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Control;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * One thread in rounds: all start together; when they are through, the first undoes what all did,
 * behind a barrier, outside the measured part.
 */
@State(Scope.Thread)
public abstract class RoundWorker {
  private boolean playing;
  private @Nullable Control control;

  /** This thread is number {@code part}. */
  protected int part;

  /** Joins the others; the first fills what they work on. */
  protected final void join(ThreadParams params) {
    part = params.getThreadIndex();
    if (part == 0) {
      fill();
    }
  }

  /** The first thread undoes the last round for all; then all start together. */
  protected final void startAt(Barrier barrier) {
    boolean allHere = barrier.await(control);
    if (allHere && part == 0) {
      reset();
    }
    playing = allHere && barrier.await(null); // they all come
  }

  /** Whether this thread takes part in this round; false only when it is not measured any more. */
  public final boolean plays(Control now) {
    control = now;
    return playing;
  }

  /** What is there before the first round. */
  protected abstract void fill();

  /** Puts everything as it was before a round; one thread does it for all. */
  protected abstract void reset();
}
