package dev.septum.mmu;

/**
 * What drops translations from TLBs; implemented by whoever owns the TLBs.
 *
 * <p>Called by the thread that changed the tree, with the MMU lock held and its read section open.
 * A call may block until every vCPU that is in the guest has noticed, but must not take the MMU
 * lock and must not wait for a vCPU that is out of the guest: it may be waiting for that lock.
 *
 * <p>Changes are batched: one call covers all that an operation removed since the last.
 */
public interface TlbFlusher {
  /** A machine without TLBs. */
  TlbFlusher NONE = new TlbFlusher() {};

  /**
   * Drops every translation that overlaps the range, of whatever size, and every cached pointer to
   * a table below it. When it returns, none is used any more.
   *
   * @param start the first gfn
   * @param pages how many pages of 4 KiB
   */
  default void flush(long start, long pages) {}

  /** Drops every translation there is. */
  default void flushAll() {}

  /**
   * The range has been zapped and flushed: the frames behind it may serve another purpose from now
   * on. Called under the exclusive lock, so nothing in it can be mapped yet again.
   *
   * @param start the first gfn
   * @param pages how many pages of 4 KiB
   */
  default void released(long start, long pages) {}

  /**
   * Exactly these private pages have been removed, and no vCPU holds a translation of them: the
   * external page table's own tracking saw to that. Called under the exclusive lock, leaf by leaf.
   *
   * @param start the first gfn
   * @param pages how many pages of 4 KiB
   */
  default void releasedPrivate(long start, long pages) {}
}
