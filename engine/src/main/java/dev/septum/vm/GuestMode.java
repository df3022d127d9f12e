package dev.septum.vm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Whether a vCPU is in the guest, and the last flush request that it has served. Written by its
 * vCPU alone, on a cache line of its own.
 */
@SuppressWarnings("unused") // padding
final class GuestMode extends GuestModeWord {
  private long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;
}

/** Keeps what lies before the word off its cache line. */
@SuppressWarnings("unused") // padding
abstract class GuestModeHead {
  private long p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15;
}

/** The word: {@link #OUT}, or the number of the last request served, doubled, plus one. */
abstract class GuestModeWord extends GuestModeHead {
  private static final long OUT = 0;
  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(GuestModeWord.class, "word", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // through WORD
  private long word;

  /** The last request served; the vCPU's own. */
  long served;

  /** In the guest from here on; the caller puts a full fence behind it, then looks for requests. */
  final void enterRelease() {
    WORD.setRelease(this, served << 1 | 1);
  }

  /** Served all requests up to this one; no translation that they dropped is used any more. */
  final void serveRelease(long request) {
    served = request;
    WORD.setRelease(this, request << 1 | 1);
  }

  /** Out of the guest; no translation is used until the next entry. */
  final void leaveRelease() {
    WORD.setRelease(this, OUT);
  }

  /** Whether the vCPU is out, or has served this request. */
  final boolean hasServedAcquire(long request) {
    long now = (long) WORD.getAcquire(this);
    return now == OUT || now >>> 1 >= request;
  }
}
