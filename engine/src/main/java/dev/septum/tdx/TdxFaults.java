package dev.septum.tdx;

/**
 * What is made to go wrong inside the module, and when. Asked by many threads at once; must not
 * block. What calls the module from here does so as another thread would: with registers of its
 * own.
 */
public interface TdxFaults {
  /** Nothing goes wrong. */
  TdxFaults NONE = new TdxFaults() {};

  /** Whether this try of a lock is to fail as if another call held it. */
  default boolean isBusy(TdxLeaf leaf, TdxLock lock) {
    return false;
  }

  /**
   * Whether an interrupt is pending.
   *
   * @param check the number of the check within the call, from 0
   */
  default boolean isInterrupted(TdxLeaf leaf, int check) {
    return false;
  }

  /**
   * The first check of a call that makes several at which {@link #isInterrupted} says yes.
   *
   * @param checks how many it makes
   * @return its number, from 0; -1 if none does
   */
  default int firstInterrupt(TdxLeaf leaf, int checks) {
    for (int check = 0; check < checks; check++) {
      if (isInterrupted(leaf, check)) {
        return check;
      }
    }
    return -1;
  }

  /** Whether this TRACK is to find a vCPU of the previous epoch inside. */
  default boolean isPreviousEpochBusy() {
    return false;
  }

  /**
   * Called while a call holds all its locks, its checks done, and before it changes an entry (by
   * RANGE.BLOCK: behind the entry, before the epoch is read). What other threads do now, they do
   * concurrently with it.
   */
  default void window(TdxLeaf leaf) {}
}
