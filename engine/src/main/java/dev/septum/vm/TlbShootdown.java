package dev.septum.vm;

import dev.septum.mmu.TlbFlusher;
import dev.septum.sync.SpinWait;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Brings flushes to every vCPU's TLB ({@code kvm_flush_remote_tlbs}).
 *
 * <p>Requests are numbered, and the last few are kept in a ring. Who flushes writes its range, then
 * the new number, and waits until every vCPU that is in the guest has served it. A vCPU in the
 * guest looks at the number between any two accesses; one that is out looks on entry. Both sides
 * have a full fence between their write (the number; the guest mode) and their look at the other's,
 * so one of them sees the other. A vCPU that fell behind by more than the ring holds drops
 * everything.
 */
final class TlbShootdown implements TlbFlusher {
  private static final int RING = 64;
  private static final VarHandle REQUEST;
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  static {
    try {
      REQUEST = MethodHandles.lookup().findVarHandle(TlbShootdown.class, "request", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final long[] starts = new long[RING];
  private final long[] counts = new long[RING];

  /** The number of the last request. */
  private volatile long request;

  private volatile GuestMode[] guests = {};

  synchronized GuestMode register() {
    GuestMode mode = new GuestMode();
    mode.served = request;
    GuestMode[] grown = Arrays.copyOf(guests, guests.length + 1);
    grown[grown.length - 1] = mode;
    guests = grown;
    return mode;
  }

  synchronized void unregister(GuestMode mode) {
    guests = Arrays.stream(guests).filter(known -> known != mode).toArray(GuestMode[]::new);
  }

  @Override
  public void flush(long start, long pages) {
    await(append(start, pages));
  }

  @Override
  public void flushAll() {
    flush(0, Long.MAX_VALUE);
  }

  /** Waits until every vCPU that is in the guest has left it, or has been out since this began. */
  void kick() {
    await(append(0, 0));
  }

  private synchronized long append(long start, long pages) {
    long next = request + 1;
    int at = (int) next & RING - 1;
    VarHandle.releaseFence(); // who reads this slot's new content sees the numbers before it
    LONGS.setOpaque(starts, at, start);
    LONGS.setOpaque(counts, at, pages);
    request = next; // volatile: the full fence before the look at the guests
    return next;
  }

  private void await(long number) {
    VarHandle.fullFence(); // between the number and the look at the guests
    for (GuestMode guest : guests) {
      for (int tries = 0; !guest.hasServedAcquire(number); tries++) {
        SpinWait.pause(tries);
      }
    }
  }

  /**
   * Whether the vCPU has requests to serve; wait-free, one load of a line that is seldom written.
   */
  boolean isPending(GuestMode mode) {
    return (long) REQUEST.getAcquire(this) != mode.served;
  }

  /** Serves all requests. Called by the vCPU itself, between accesses or on entry. */
  void serve(GuestMode mode, SoftwareTlb tlb) {
    long last = (long) REQUEST.getAcquire(this);
    if (last - mode.served < RING) {
      for (long number = mode.served + 1; number <= last; number++) {
        int at = (int) number & RING - 1;
        long pages = (long) LONGS.getOpaque(counts, at);
        if (pages > 0) { // else it is a kick
          tlb.flush((long) LONGS.getOpaque(starts, at), pages);
        }
      }
      VarHandle.acquireFence();
    }
    if ((long) REQUEST.getAcquire(this) - mode.served
        >= RING) { // the ring was, or is being, written over
      tlb.flushAll();
    }
    mode.serveRelease(last);
  }
}
