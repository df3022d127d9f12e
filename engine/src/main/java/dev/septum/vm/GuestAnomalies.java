package dev.septum.vm;

import dev.septum.paging.PageLevel;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.trace.GuestAnomalyEvent;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What guests do wrong: counted, recorded as JFR events, and told to a listener, not too often.
 * Never an error of the host: nothing here throws, and nothing is logged.
 */
public final class GuestAnomalies {
  /** What a guest can do wrong. */
  public enum Kind {
    /** It accepted what was accepted already: open to having its content exchanged. */
    DOUBLE_ACCEPT,
    /**
     * It exited for an ACCEPT at a level below that of a mapping which is still to be accepted; one
     * ACCEPT counts as often as it exits.
     */
    MIXED_LEVEL_ACCEPT,
    /** It touched private memory that it had not accepted. */
    UNACCEPTED_TOUCH,
    /** Its ACCEPT exited again and again, with nothing changed. */
    ENDLESS_VIOLATION
  }

  /** Who is told; by the thread of the vCPU, which is out of the guest or just leaves it. */
  @FunctionalInterface
  public interface Listener {
    /**
     * An anomaly, and how many of its kind there were since the last that was told.
     *
     * @param gpa the guest-physical address, in bytes
     */
    void anomaly(Kind kind, long gpa, PageLevel level, long count);
  }

  private static final long TOLD_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Kind[] KINDS = Kind.values();

  private final Listener listener;
  private final LongAdder listenerFailures = new LongAdder();
  private final LongAdder[] counts = new LongAdder[KINDS.length];
  private final AtomicLong[] untold = new AtomicLong[KINDS.length];
  private final AtomicLong[] nextTelling = new AtomicLong[KINDS.length];

  GuestAnomalies(Listener listener) {
    this.listener = listener;
    long now = System.nanoTime();
    for (Kind kind : KINDS) {
      counts[kind.ordinal()] = new LongAdder();
      untold[kind.ordinal()] = new AtomicLong();
      nextTelling[kind.ordinal()] = new AtomicLong(now);
    }
  }

  /** How many of a kind there were; exact when no vCPU runs. */
  public long count(Kind kind) {
    return counts[kind.ordinal()].sum();
  }

  /** All counts. */
  public Map<Kind, Long> counts() {
    Map<Kind, Long> all = new EnumMap<>(Kind.class);
    for (Kind kind : KINDS) {
      all.put(kind, count(kind));
    }
    return all;
  }

  /** The status with which an ACCEPT came back to the guest. */
  void noteAccept(long status, long gpa, PageLevel level) {
    if (SeamcallStatus.detail(status) == SeamcallStatus.PAGE_ALREADY_ACCEPTED) {
      note(Kind.DOUBLE_ACCEPT, gpa, level);
    }
  }

  /** What a listener throws is its own affair: the guest's call has been made. */
  private void tell(Kind kind, long gpa, PageLevel level, long count) {
    try {
      listener.anomaly(kind, gpa, level, count);
    } catch (RuntimeException ignored) {
      listenerFailures.increment();
    }
  }

  /** How often the listener has thrown. */
  public long listenerFailures() {
    return listenerFailures.sum();
  }

  /** Counts one; the listener hears of the first, and then at most once a second. */
  void note(Kind kind, long gpa, PageLevel level) {
    int at = kind.ordinal();
    counts[at].increment();
    GuestAnomalyEvent event = new GuestAnomalyEvent();
    if (event.shouldCommit()) {
      event.kind = kind.name();
      event.gpa = gpa;
      event.level = level.toString();
      event.commit();
    }
    untold[at].incrementAndGet();
    long now = System.nanoTime();
    long next = nextTelling[at].get();
    if (now - next >= 0 && nextTelling[at].compareAndSet(next, now + TOLD_EVERY_NANOS)) {
      tell(kind, gpa, level, untold[at].getAndSet(0));
    }
  }
}
