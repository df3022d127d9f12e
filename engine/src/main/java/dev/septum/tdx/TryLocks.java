package dev.septum.tdx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The module's locks: words that are tried, never waited for.
 *
 * <p>A word of the kind with host priority is: 1 held exclusively, 2 a host call has lost it, 4 for
 * each reader. A plain word is: 1 held exclusively, 2 for each reader. A shared try that loses
 * leaves its reader counted until the exclusive holder lets go, as the module's does; the release
 * of the exclusive holder removes all readers, since only losers can be there. An exclusive try
 * that loses changes nothing but host priority.
 *
 * <p>All methods are wait-free but the exclusive tries, which are lock-free: they try again while
 * only host priority was changed under them. All are full fences where they succeed.
 */
final class TryLocks {
  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

  private static final int EXCLUSIVE = 1;
  private static final int HOST_PRIORITY = 2;
  private static final int READER = 4;
  private static final int PLAIN_READER = 2;

  private TryLocks() {}

  /** What a word says now. */
  static int wordVolatile(int[] words, int at) {
    return (int) INTS.getVolatile(words, at);
  }

  /** Sets a word, for records and tests: someone else's lock. */
  static void setWordVolatile(int[] words, int at, int word) {
    INTS.setVolatile(words, at, word);
  }

  /** A word without the mark of a host call that has lost. */
  static int withoutHostPriority(int word) {
    return word & ~HOST_PRIORITY;
  }

  /** What a word with host priority says while so many hold it, shared. */
  static int heldBy(int readers) {
    return readers * READER;
  }

  /** A word with host priority as a plain one, without that mark: 1, and 2 for each reader. */
  static int asPlain(int word) {
    return word & EXCLUSIVE | word >>> 2 << 1;
  }

  static boolean isExclusive(int word) {
    return (word & EXCLUSIVE) != 0;
  }

  // With host priority; the host's tries.

  static boolean trySharedHost(int[] words, int at) {
    int old = (int) INTS.getAndAdd(words, at, READER);
    if (isExclusive(old)) {
      INTS.getAndBitwiseOr(words, at, HOST_PRIORITY);
      return false;
    }
    if ((old & HOST_PRIORITY) != 0) {
      INTS.getAndBitwiseAnd(words, at, ~HOST_PRIORITY);
    }
    return true;
  }

  static void releaseShared(int[] words, int at) {
    INTS.getAndAdd(words, at, -READER);
  }

  static boolean tryExclusiveHost(int[] words, int at) {
    return tryExclusiveHost(words, at, 0);
  }

  /** A reader's try to be alone; if it loses, it is a reader still. */
  static boolean tryPromoteHost(int[] words, int at) {
    return tryExclusiveHost(words, at, READER);
  }

  private static boolean tryExclusiveHost(int[] words, int at, int own) {
    for (int expected = own; ; ) {
      int witness = (int) INTS.compareAndExchange(words, at, expected, EXCLUSIVE);
      if (witness == expected) {
        return true;
      }
      if ((witness & ~HOST_PRIORITY) != own) {
        INTS.getAndBitwiseOr(words, at, HOST_PRIORITY);
        return false;
      }
      expected = witness;
    }
  }

  static void releaseExclusive(int[] words, int at) {
    INTS.getAndBitwiseAnd(words, at, HOST_PRIORITY);
  }

  // Plain.

  static boolean trySharedPlain(int[] words, int at) {
    return !isExclusive((int) INTS.getAndAdd(words, at, PLAIN_READER));
  }

  static void releaseSharedPlain(int[] words, int at) {
    INTS.getAndAdd(words, at, -PLAIN_READER);
  }

  static boolean tryExclusivePlain(int[] words, int at) {
    return INTS.compareAndSet(words, at, 0, EXCLUSIVE);
  }

  static void releaseExclusivePlain(int[] words, int at) {
    INTS.setVolatile(words, at, 0);
  }
}
