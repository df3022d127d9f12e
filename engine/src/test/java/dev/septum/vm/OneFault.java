package dev.septum.vm;

import dev.septum.memory.AllocationFaults;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import dev.septum.tdx.TdxLock;

/**
 * One thing that goes wrong: the n-th of its kind since it was armed. So an operation that finds a
 * lock held is not refused in the retry for which every vCPU was brought out. One thread.
 */
final class OneFault implements TdxFaults, AllocationFaults {
  /** What can go wrong. */
  enum Kind {
    BUSY,
    INTERRUPT,
    LATE_VCPU,
    MEMORY
  }

  private static final int NEVER = -1;

  private Kind armed = Kind.BUSY;
  private int left = NEVER;
  private String where = "";

  /** The n-th of a kind from now on goes wrong; from 0. */
  void arm(Kind kind, int n) {
    armed = kind;
    left = n;
    where = "";
  }

  /** From now on nothing goes wrong; returns where it did, or nothing if it never came to that. */
  String disarm() {
    left = NEVER;
    return where;
  }

  private boolean strikes(Kind kind, String at) {
    if (kind != armed || left == NEVER || left-- > 0) {
      return false;
    }
    where = at;
    return true;
  }

  @Override
  public boolean isBusy(TdxLeaf leaf, TdxLock lock) {
    return strikes(Kind.BUSY, leaf + " " + lock);
  }

  @Override
  public boolean isInterrupted(TdxLeaf leaf, int check) {
    return strikes(Kind.INTERRUPT, leaf + " " + check);
  }

  @Override
  public boolean isPreviousEpochBusy() {
    return strikes(Kind.LATE_VCPU, "MEM_TRACK");
  }

  @Override
  public boolean fails() {
    return strikes(Kind.MEMORY, "guest_memfd");
  }
}
