package dev.septum.mmu;

import dev.septum.paging.GfnRange;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The invalidation sequence ({@code mmu_invalidate_seq}): tells a fault whether the page that it
 * looked up without the lock may still be mapped.
 *
 * <p>{@link #begin} and {@link #end} are called under the exclusive lock. A fault reads the
 * sequence before it looks its page up, and asks {@link #mustRetry} under the shared lock, for the
 * whole block that it is about to map. Invalidations may overlap: while any is in progress, the
 * range is the one around all of them.
 */
final class Invalidation {
  private static final VarHandle SEQUENCE;

  static {
    try {
      SEQUENCE = MethodHandles.lookup().findVarHandle(Invalidation.class, "sequence", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long sequence;
  private int inProgress;
  private long start;
  private long end;

  /** The sequence, to be read before a page is looked up. */
  long sequenceAcquire() {
    return (long) SEQUENCE.getAcquire(this);
  }

  void begin(GfnRange range) {
    start = inProgress == 0 ? range.start() : Math.min(start, range.start());
    end = inProgress == 0 ? range.end() : Math.max(end, range.end());
    inProgress++;
  }

  void end() {
    if (inProgress == 0) {
      throw new IllegalStateException("no invalidation is in progress");
    }
    SEQUENCE.setRelease(this, sequence + 1);
    inProgress--;
  }

  /** Whether a page looked up at {@code seen} must not be mapped over these gfns. */
  boolean mustRetry(long seen, long gfn, long pages) {
    return sequence != seen || isInProgress(gfn, pages);
  }

  /** Whether some of these gfns lie in the range in progress. */
  boolean isInProgress(long gfn, long pages) {
    return inProgress > 0 && gfn < end && gfn + pages > start;
  }

  int inProgress() {
    return inProgress;
  }
}
