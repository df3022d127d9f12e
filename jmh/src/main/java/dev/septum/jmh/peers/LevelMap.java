package dev.septum.jmh.peers;

/** A map for the pages of one size, from a page's first frame to its leaf. Used by many threads. */
interface LevelMap {
  /** Whether the leaf was absent, and is there now. */
  boolean putIfAbsent(long block, long leaf);

  /** The leaf, or {@link PageMap#NOT_MAPPED}. */
  long get(long block);

  /**
   * Removes the pages whose first frames lie in a range.
   *
   * @param step frames of a page
   * @return how many there were
   */
  long removeRange(long start, long end, long step);
}
