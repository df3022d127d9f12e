package dev.septum.tdx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * TLB tracking: which vCPUs may still hold a translation through an entry that was blocked.
 *
 * <p>The TD's epoch advances by TRACK. A vCPU that enters counts itself in for the epoch of that
 * moment, by its parity, and out when it leaves. TRACK refuses while somebody of the epoch before
 * is inside, so two counts are enough. A block notes the epoch behind the change of its entry. It
 * is tracked once the epoch has advanced since and nobody of that epoch is inside: whoever entered
 * later has dropped his translations and sees the blocked entry, because the write of the entry,
 * the read of the epoch, and the counting in are all sequentially consistent, and entering and
 * TRACK exclude each other by the epoch lock.
 */
public final class TdEpochs {
  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);
  private static final int LOCK = 16;
  private static final int EVEN = 48;
  private static final int ODD = 80;
  private static final int WORDS = 112;

  /** The lock and the two counts, each on a line of its own. */
  private final int[] words = new int[WORDS];

  private volatile long epoch = 1;

  TdEpochs() {}

  /** TD_EPOCH; begins at 1. */
  public long epoch() {
    return epoch;
  }

  /** How many vCPUs are inside that entered in an epoch of this parity. */
  public int inside(int parity) {
    return (int) INTS.getVolatile(words, at(parity));
  }

  private static int at(long epoch) {
    return (epoch & 1) == 0 ? EVEN : ODD;
  }

  /** Whether nobody inside can hold a translation through what was blocked in this epoch. */
  public boolean isTracked(long bepoch) {
    if (bepoch < 0) {
      return false; // of migration
    }
    long now = epoch;
    return bepoch < now - 1 || bepoch == now - 1 && inside((int) bepoch & 1) == 0;
  }

  /**
   * Counts a vCPU in. Wait-free.
   *
   * @return whether the epoch lock could be had; else nothing has happened
   */
  public boolean tryEnter(TdVcpu vcpu) {
    if (!TryLocks.trySharedPlain(words, LOCK)) {
      return false;
    }
    long now = epoch;
    INTS.getAndAdd(words, at(now), 1);
    vcpu.setEpoch(now);
    TryLocks.releaseSharedPlain(words, LOCK);
    return true;
  }

  /** Counts a vCPU out. Wait-free. */
  public void leave(TdVcpu vcpu) {
    INTS.getAndAdd(words, at(vcpu.epoch()), -1);
  }

  boolean isPreviousInside() {
    return inside((int) (epoch - 1) & 1) != 0;
  }

  void advance() {
    long next = epoch + 1; // under the lock, exclusively
    epoch = next;
  }

  int[] words() {
    return words;
  }

  static int lockIndex() {
    return LOCK;
  }

  /** What the epoch lock's word says. For records and audits. */
  int lockWord() {
    return TryLocks.wordVolatile(words, LOCK);
  }

  /** For records: a TD in the middle of its life. */
  void restore(long restored, int even, int odd) {
    epoch = restored;
    INTS.setVolatile(words, EVEN, even);
    INTS.setVolatile(words, ODD, odd);
  }
}
