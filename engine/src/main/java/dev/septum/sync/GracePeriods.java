package dev.septum.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Decides when something that was unlinked may be used again: when every thread that was inside a
 * read section at that time has left it or has passed a quiescent point.
 *
 * <h2>How it works</h2>
 *
 * An epoch counts retirements. A reader announces the epoch that it saw last, behind a full fence
 * looks at the present one, and if that is later announces it in its place, before it has read
 * anything. Whoever unlinks something calls {@link #retire} afterwards, which returns the epoch as
 * the stamp and advances it. A reader that announces a later epoch has read the advanced value, so
 * it also sees the unlinking; a reader whose slot is closed when {@link #hasElapsed} looks will see
 * it too, because the reader's store and load and the retirer's write and look each have a full
 * fence between them. All others hold the stamp back.
 *
 * <p>A thread that stops for good with its section closed holds nothing back.
 */
public final class GracePeriods {
  private static final VarHandle EPOCH;

  static {
    try {
      EPOCH = MethodHandles.lookup().findVarHandle(GracePeriods.class, "epoch", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // through EPOCH
  private volatile long epoch = 1; // 0 is CLOSED

  private volatile ReadSection[] sections = {};

  /** Grace periods with no reader yet. */
  public GracePeriods() {}

  /** A new section, closed, of a thread that remembers nothing between sections. */
  public ReadSection register() {
    return register(() -> {});
  }

  /**
   * A new section, closed, for one thread; blocking (a monitor), off every hot path.
   *
   * @param memory told by the thread, inside its section, whenever it has lost its hold on the
   *     tables it had found: by a quiescent point, or because something was retired while its
   *     section was closed. Until then a table that was found in a section of this thread may be
   *     looked at in its next section too: nothing at all has been retired in between.
   */
  public synchronized ReadSection register(ReadSection.Memory memory) {
    ReadSection section = new ReadSection(this, memory);
    ReadSection[] grown = Arrays.copyOf(sections, sections.length + 1);
    grown[grown.length - 1] = section;
    sections = grown;
    return section;
  }

  /**
   * Forgets a section.
   *
   * @throws IllegalStateException if the section is open
   */
  public synchronized void unregister(ReadSection section) {
    if (!section.tryUnregister()) {
      throw new IllegalStateException("read section is still open");
    }
    sections =
        Arrays.stream(sections).filter(known -> known != section).toArray(ReadSection[]::new);
  }

  /**
   * Begins a grace period for everything that the caller has unlinked before this call.
   *
   * @return the stamp for {@link #hasElapsed}
   */
  public long retire() {
    return (long) EPOCH.getAndAdd(this, 1L);
  }

  /** Whether no reader can hold anything any more that was retired with this stamp; wait-free. */
  public boolean hasElapsed(long stamp) {
    VarHandle.fullFence();
    for (ReadSection section : sections) {
      if (section.holdsAcquire(stamp)) {
        return false;
      }
    }
    return true;
  }

  /** All sections. Who has put a full fence before it sees each one that is open by then. */
  ReadSection[] sections() {
    return sections;
  }

  long epochAcquire() {
    return (long) EPOCH.getAcquire(this);
  }
}
