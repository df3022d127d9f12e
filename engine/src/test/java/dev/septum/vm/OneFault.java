package dev.septum.vm;

import dev.septum.memory.AllocationFaults;
import dev.septum.mmu.TlbFlusher;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxLock;
import java.util.function.BooleanSupplier;

/**
 * One thing that goes wrong: the n-th of its kind since it was armed. So an operation that finds a
 * lock held is not refused in the retry for which every vCPU was brought out. It strikes the thread
 * that armed it alone.
 */
final class OneFault implements TdxFaults, AllocationFaults {
  /** What can go wrong. */
  enum Kind {
    /** A lock of the module is held. */
    BUSY,
    /** A call of the module that can be made again is interrupted. */
    INTERRUPT,
    /** TRACK finds a vCPU of the previous epoch inside. */
    LATE_VCPU,
    /** Guest memory cannot be allocated. */
    MEMORY,
    /** The thread is interrupted: at its locks, its flushes, and wherever else one may strike. */
    THREAD,
    /** The MMU's lock is held by another thread, and who waits for it is interrupted meanwhile. */
    HELD
  }

  private static final int NEVER = -1;

  private Kind armed = Kind.BUSY;
  private int left = NEVER;
  private String where = "";
  private Thread armer = Thread.currentThread();
  private BooleanSupplier spared = () -> false;

  /** The n-th of a kind from now on goes wrong; from 0. */
  void arm(Kind kind, int n) {
    armed = kind;
    left = n;
    where = "";
    armer = Thread.currentThread();
  }

  /**
   * No lock of the module is held while a host keeps its vCPUs out: where a vCPU runs, a call may
   * be in its retry already without a strike, and that one must succeed.
   */
  void spareRetriesOf(TrustDomainHost host) {
    spared = host::excludesVcpus;
  }

  /** From now on nothing goes wrong; returns where it did, or nothing if it never came to that. */
  String disarm() {
    left = NEVER;
    return where;
  }

  private boolean strikes(Kind kind, String at) {
    if (kind != armed || left == NEVER || Thread.currentThread() != armer || left-- > 0) {
      return false;
    }
    where = at;
    return true;
  }

  /** Passes a place at which the thread may be interrupted. */
  void pass(String at) {
    if (strikes(Kind.THREAD, at)) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the lock is to be held when the thread wants it. */
  boolean isHeld(String at) {
    pass(at);
    return strikes(Kind.HELD, at);
  }

  /** Where flushes pass. */
  TlbFlusher watching(TlbFlusher flusher) {
    return new TlbFlusher() {
      @Override
      public void flush(long start, long pages) {
        pass("flush");
        flusher.flush(start, pages);
      }

      @Override
      public void flushAll() {
        pass("flushAll");
        flusher.flushAll();
      }

      @Override
      public void released(long start, long pages) {
        pass("released");
        flusher.released(start, pages);
      }

      @Override
      public void releasedPrivate(long start, long pages) {
        pass("releasedPrivate");
        flusher.releasedPrivate(start, pages);
      }
    };
  }

  @Override
  public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
    pass(leaf + " " + lock);
    return !spared.getAsBoolean() && strikes(Kind.BUSY, leaf + " " + lock);
  }

  @Override
  public boolean isInterrupted(TdxLeaf leaf, int check) {
    pass(leaf + " " + check);
    return strikes(Kind.INTERRUPT, leaf + " " + check);
  }

  @Override
  public boolean isPreviousEpochBusy() {
    return strikes(Kind.LATE_VCPU, "MEM_TRACK");
  }

  @Override
  public void window(TdxLeaf leaf) {
    pass(leaf + " window");
  }

  @Override
  public boolean fails() {
    pass("guest_memfd");
    return strikes(Kind.MEMORY, "guest_memfd");
  }
}
