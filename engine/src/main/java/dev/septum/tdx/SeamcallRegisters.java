package dev.septum.tdx;

import org.jspecify.annotations.Nullable;

/**
 * The registers of one SEAMCALL: operands before it, results behind it. One thread's own; used
 * again for the next call, so that calls allocate nothing.
 */
public final class SeamcallRegisters {
  private static final int MOST_HELD = 13; // DEMOTE with a page pair

  /** RAX: leaf number and version before, status behind. */
  public long rax;

  /** RCX. */
  public long rcx;

  /** RDX. */
  public long rdx;

  /** R8. */
  public long r8;

  /** R9. */
  public long r9;

  /** R10. */
  public long r10;

  /** R11. */
  public long r11;

  /** R12. */
  public long r12;

  /** R13. */
  public long r13;

  // What a call works with.

  TdxLeaf leaf = TdxLeaf.MEM_SEPT_RD;
  private @Nullable TrustDomain td;
  private boolean hasTd;

  /** The level asked for, and the private address, in bytes. */
  int level;

  long gpa;

  /** Where the walk has ended: the table, the place in it, its level, the entry without locks. */
  long[] table = {};

  int index;
  int walkLevel;
  long entry;

  int interruptChecks;

  /** The locks held, in the order in which they were taken. */
  private final int[] @Nullable [] heldWords = new int[MOST_HELD][];

  private final int[] heldAt = new int[MOST_HELD];

  /** How each is held. Bytes, and no enum: to store a reference costs the collector's barrier. */
  private final byte[] heldAs = new byte[MOST_HELD];

  private int held;
  private boolean entryHeld;

  private static final byte SHARED = 0;
  private static final byte EXCLUSIVE = 1;
  private static final byte SHARED_PLAIN = 2;
  private static final byte EXCLUSIVE_PLAIN = 3;

  /** Registers that are all zero. */
  public SeamcallRegisters() {}

  TrustDomain td() {
    if (!hasTd || td == null) {
      throw new IllegalStateException("no TD was found yet");
    }
    return td;
  }

  // A call often has the objects of the call before. A reference is written only where it is
  // another: its store costs a collector's barrier, which in a card-marking one is a full fence.

  void begin(TdxLeaf now) {
    if (leaf != now) {
      leaf = now;
    }
    hasTd = false;
    interruptChecks = 0;
  }

  void setTd(TrustDomain found) {
    if (td != found) {
      td = found;
    }
    hasTd = true;
  }

  void setPlace(long[] inTable, int at) {
    if (table != inTable) {
      table = inTable;
    }
    index = at;
  }

  boolean trySharedHost(int[] words, int at) {
    return TryLocks.trySharedHost(words, at) && hold(words, at, SHARED);
  }

  boolean tryExclusiveHost(int[] words, int at) {
    return TryLocks.tryExclusiveHost(words, at) && hold(words, at, EXCLUSIVE);
  }

  /** Tries to have the lock taken last alone, which is held shared; it stays so if this fails. */
  boolean tryPromoteHost(int[] words, int at) {
    if (!TryLocks.tryPromoteHost(words, at)) {
      return false;
    }
    heldAs[held - 1] = EXCLUSIVE;
    return true;
  }

  boolean trySharedPlain(int[] words, int at) {
    return TryLocks.trySharedPlain(words, at) && hold(words, at, SHARED_PLAIN);
  }

  boolean tryExclusivePlain(int[] words, int at) {
    return TryLocks.tryExclusivePlain(words, at) && hold(words, at, EXCLUSIVE_PLAIN);
  }

  private boolean hold(int[] words, int at, byte as) {
    if (heldWords[held] != words) {
      heldWords[held] = words;
    }
    heldAt[held] = at;
    heldAs[held] = as;
    held++;
    return true;
  }

  void holdEntry() {
    entryHeld = true;
  }

  void letGoOfEntry() {
    entryHeld = false;
  }

  /** Lets go of the entry, then of all locks, the last one first. */
  void releaseAll() {
    if (entryHeld) {
      entryHeld = false;
      SecureEpt.unlock(table, index);
    }
    while (held > 0) {
      releaseLast();
    }
  }

  /** Forgets the locks held, which stay locked: their holder is the guest now. */
  void handOver() {
    held = 0;
  }

  /** Lets go of the lock taken last. */
  void releaseLast() {
    held--;
    int[] words = heldWords[held];
    if (words == null) {
      throw new IllegalStateException("no lock is held");
    }
    int at = heldAt[held];
    switch (heldAs[held]) {
      case SHARED -> TryLocks.releaseShared(words, at);
      case EXCLUSIVE -> TryLocks.releaseExclusive(words, at);
      case SHARED_PLAIN -> TryLocks.releaseSharedPlain(words, at);
      default -> TryLocks.releaseExclusivePlain(words, at);
    }
  }
}
