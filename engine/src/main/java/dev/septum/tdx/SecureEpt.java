package dev.septum.tdx;

import dev.septum.paging.Geometry;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The walk, and the ways in which an entry is locked and written.
 *
 * <p>An entry is written by whoever holds its lock, TDEL, but for PAGE.ADD, which holds the TD
 * alone. A host walk is protected by the tree lock; a guest's walk by TLB tracking alone: what it
 * passes through was not blocked when its vCPU entered, so nobody may take it apart before the vCPU
 * leaves. All writes are full fences, so that RANGE.BLOCK reads the epoch behind them.
 */
final class SecureEpt {
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  private final Pamt pamt;
  private final Geometry geometry;
  private final boolean keepsHostPriority;

  SecureEpt(Pamt pamt, ModuleConfig config) {
    this.pamt = pamt;
    this.geometry = config.geometry();
    this.keepsHostPriority = config.version().isAtLeast(ModuleVersion.V1_5_28);
  }

  static long entryAcquire(long[] table, int index) {
    return (long) LONGS.getAcquire(table, index);
  }

  int index(long gpa, int level) {
    return geometry.index(gpa >>> Geometry.PAGE_SHIFT, level + 1);
  }

  long[] tableOf(long entry) {
    return pamt.table(SeptEntry.tableHpa(entry) >>> Geometry.PAGE_SHIFT);
  }

  /**
   * Walks down to the level of the call, or to the entry that ends the walk above it.
   *
   * @return whether the level was reached
   */
  boolean walk(TrustDomain td, SeamcallRegisters call) {
    long[] table = td.root();
    int level = geometry.levels() - 1;
    for (; ; level--) {
      int index = index(call.gpa, level);
      long entry = entryAcquire(table, index);
      if (level == call.level || !SeptEntry.isWalkable(entry)) {
        call.setPlace(table, index);
        call.walkLevel = level;
        call.entry = SeptEntry.withoutLocks(entry);
        return level == call.level;
      }
      table = tableOf(entry);
    }
  }

  /** Whether a walk to the level of the call would end in its table. */
  boolean leadsToTable(TrustDomain td, SeamcallRegisters call) {
    long[] table = td.root();
    for (int level = geometry.levels() - 1; level > call.level; level--) {
      long entry = entryAcquire(table, index(call.gpa, level));
      if (!SeptEntry.isWalkable(entry)) {
        return false;
      }
      table = tableOf(entry);
    }
    return table == call.table;
  }

  // The entry lock.

  /** The host's try: if it loses, the guest's tries are refused until a host's try has won. */
  static boolean tryLockHost(long[] table, int index) {
    long old = (long) LONGS.getAndBitwiseOr(table, index, SeptEntry.TDEL);
    if (SeptEntry.isLocked(old)) {
      LONGS.getAndBitwiseOr(table, index, SeptEntry.TDHP);
      return false;
    }
    if ((old & SeptEntry.TDHP) != 0) {
      LONGS.getAndBitwiseAnd(table, index, ~SeptEntry.TDHP);
    }
    return true;
  }

  /** The guest's try: a status without operand. */
  static long tryLockGuest(long[] table, int index) {
    long old = (long) LONGS.getAndBitwiseOr(table, index, SeptEntry.TDEL);
    if (SeptEntry.isLocked(old)) {
      return SeamcallStatus.OPERAND_BUSY;
    }
    if ((old & SeptEntry.TDHP) != 0) {
      unlock(table, index);
      return SeamcallStatus.OPERAND_BUSY_HOST_PRIORITY;
    }
    return SeamcallStatus.SUCCESS;
  }

  static void unlock(long[] table, int index) {
    LONGS.getAndBitwiseAnd(table, index, ~SeptEntry.TDEL);
  }

  // Writing.

  /** Writes the locked entry of the call; it stays locked. */
  void write(SeamcallRegisters call, long entry) {
    write(call.table, call.index, call.entry, entry);
    call.entry = entry;
  }

  /**
   * Writes the locked entry of the call for the last time, and unlocks it, in one access. {@code
   * call.entry} is what it was before, and stale from here on. In 1.5.01 a host priority that was
   * set meanwhile is lost.
   */
  void writeAndUnlock(SeamcallRegisters call, long entry) {
    call.letGoOfEntry();
    if (keepsHostPriority) {
      LONGS.getAndBitwiseXor(call.table, call.index, call.entry ^ entry ^ SeptEntry.TDEL);
    } else {
      LONGS.setVolatile(call.table, call.index, entry);
    }
  }

  /**
   * Writes an entry that this thread has locked; it stays locked. In 1.5.01 a host priority that
   * was set meanwhile is lost.
   *
   * @param old what it is, without locks
   * @param entry what it becomes, without locks
   */
  void write(long[] table, int index, long old, long entry) {
    if (keepsHostPriority) {
      LONGS.getAndBitwiseXor(table, index, old ^ entry);
    } else {
      LONGS.setVolatile(table, index, entry | SeptEntry.TDEL);
    }
  }

  /** Writes an entry that nobody locks, because this thread has the TD to itself. */
  static void writeUnlocked(long[] table, int index, long entry) {
    LONGS.setVolatile(table, index, entry);
  }
}
