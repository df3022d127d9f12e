package dev.septum.tdx;

import dev.septum.paging.Geometry;
import org.jspecify.annotations.Nullable;

/**
 * The Secure EPT entry: every bit of it lives here, and nothing else tests a raw bit.
 *
 * <pre>
 *   63 SVE  56 TDP pending  55 TDB blocked  54 TDBW blocked for writing  53 TDEX exported
 *   52 TDHP host priority   51:12 HPA, or part of it ACCEPT_COUNTER       11 TDEL entry lock
 *   9 D   7 PS leaf, of any size   6 IPAT   5:3 memory type   2 X  1 W  0 R
 * </pre>
 *
 * Static methods over {@code long}; wait-free; nothing is allocated. Source: the TDX module,
 * 1.5.01.
 */
public final class SeptEntry {
  /** The entry lock. */
  public static final long TDEL = 1L << 11;

  /** A host call has lost the entry lock: guest calls are refused it. */
  public static final long TDHP = 1L << 52;

  /** Suppress #VE; set in every entry. */
  public static final long SVE = 1L << 63;

  static final long LOCK_BITS = TDEL | TDHP;

  private static final int PAGE_SHIFT = Geometry.PAGE_SHIFT;
  private static final long HPA_MASK = (1L << 52) - (1L << PAGE_SHIFT);
  private static final long RWX = 7;
  private static final long MEMORY_TYPE_MASK = 7L << 3;
  private static final long MEMORY_TYPE_WB = 6L << 3;

  /** Set by hardware in a leaf; one of the bits that tell the state. */
  public static final long DIRTY = 1L << 9;

  private static final int DIRTY_SHIFT = 9;
  private static final int IPAT_SHIFT = 6;
  private static final int MIGRATION_SHIFT = 53;
  private static final long IPAT_AND_PS = 3L << IPAT_SHIFT;
  private static final long STATE_BITS = DIRTY | 0xfL << MIGRATION_SHIFT | IPAT_AND_PS;
  private static final long PS = 1L << 7;

  /** Set by hardware in a leaf. */
  public static final long ACCESSED = 1L << 8;

  /** Nothing is mapped. */
  public static final long FREE = SVE | stateBits(SeptState.FREE);

  private static final int LEVEL_BITS = 3;
  private static final int STATE_CODE_SHIFT = 8;

  private SeptEntry() {}

  private static long stateBits(SeptState state) {
    long encoding = state.encoding();
    return (encoding & 1) << DIRTY_SHIFT
        | (encoding >>> 1 & 0xf) << MIGRATION_SHIFT
        | encoding >>> 5 << IPAT_SHIFT;
  }

  // What an entry is.

  /** The state; null if its bits are no state's (the entry is malformed). */
  public static @Nullable SeptState stateOrNull(long entry) {
    long encoding =
        (entry >>> DIRTY_SHIFT & 1)
            | (entry >>> MIGRATION_SHIFT & 0xf) << 1
            | (entry >>> IPAT_SHIFT & 3) << 5;
    return SeptState.ofEncoding((int) encoding);
  }

  /**
   * The state.
   *
   * @throws IllegalStateException if its bits are no state's
   */
  public static SeptState state(long entry) {
    SeptState state = stateOrNull(entry);
    if (state == null) {
      throw new IllegalStateException(String.format("malformed S-EPT entry 0x%016x", entry));
    }
    return state;
  }

  /** Whether a walk may go through: the entry is NL_MAPPED. */
  static boolean isWalkable(long entry) {
    return (entry & (RWX | PS)) == RWX;
  }

  /** Whether the guest reaches memory through this leaf for some kind of access. */
  static boolean isAccessible(long entry) {
    return (entry & (RWX | PS)) > PS;
  }

  /** R, W and X, in bits 0 to 2. */
  public static int rwx(long entry) {
    return (int) (entry & RWX);
  }

  /** Whether the entry is locked. */
  public static boolean isLocked(long entry) {
    return (entry & TDEL) != 0;
  }

  /** The entry without what changes while it is contended. */
  public static long withoutLocks(long entry) {
    return entry & ~LOCK_BITS;
  }

  /** A leaf without what its hardware marks, and without locks. */
  static long withoutLocksAndFlags(long entry) {
    return entry & ~(LOCK_BITS | ACCESSED | DIRTY);
  }

  // Addresses.

  /** The host address of the table that a non-leaf names, in bytes. */
  public static long tableHpa(long entry) {
    return entry & HPA_MASK;
  }

  /** The host address of the page that a leaf of a level maps, in bytes. */
  public static long pageHpa(long entry, int level, Geometry geometry) {
    return entry & HPA_MASK & -pageBytes(level, geometry);
  }

  /** How many bytes an entry of a level maps. */
  static long pageBytes(int level, Geometry geometry) {
    return geometry.pages(level + 1) << PAGE_SHIFT;
  }

  /** The pages already zeroed of a 2M PENDING leaf that is being accepted. */
  public static int acceptCounter(long entry, int level, Geometry geometry) {
    if (level != 1 || stateOrNull(entry) != SeptState.PENDING) {
      return 0;
    }
    return (int) ((entry & HPA_MASK) >>> PAGE_SHIFT) & (geometry.entries() - 1);
  }

  /** A 2M PENDING leaf with its ACCEPT_COUNTER set. */
  static long withAcceptCounter(long entry, int counter, Geometry geometry) {
    return clearAcceptCounter(entry, 1, geometry) | (long) counter << PAGE_SHIFT;
  }

  private static long clearAcceptCounter(long entry, int level, Geometry geometry) {
    return entry & ~(HPA_MASK & (pageBytes(level, geometry) - 1));
  }

  // Making entries.

  /** A leaf. */
  public static long makeLeaf(SeptState state, long hpa) {
    return SVE | stateBits(state) | MEMORY_TYPE_WB | state.rwx() | hpa;
  }

  /** NL_MAPPED or NL_BLOCKED. */
  public static long makeTable(SeptState state, long hpa) {
    return SVE | stateBits(state) | state.rwx() | hpa;
  }

  /** An entry in any state but REMOVED. */
  static long make(SeptState state, long hpa) {
    return state.isLeaf() ? makeLeaf(state, hpa) : makeTable(state, hpa);
  }

  /** REMOVED in a migration epoch. */
  public static long makeRemoved(long migrationEpoch) {
    return SVE | stateBits(SeptState.REMOVED) | migrationEpoch << PAGE_SHIFT;
  }

  /**
   * The entry in another state, leaf or not as it was; unlocked, and no page counted as accepted.
   */
  static long withState(long entry, SeptState state, int level, Geometry geometry) {
    long kept = entry & ~(STATE_BITS | RWX | LOCK_BITS) | stateBits(state) | state.rwx();
    return state.isLeaf() ? clearAcceptCounter(kept, level, geometry) : kept;
  }

  /** Child {@code index} of the table that replaces a leaf. */
  static long child(long leaf, int level, int index, Geometry geometry) {
    return leaf + index * pageBytes(level - 1, geometry);
  }

  // What leaf functions report.

  /** RCX: the entry as it is shown to the host. */
  static long shown(long entry) {
    SeptState state = state(entry);
    if (state.isLeaf()) {
      return entry & (RWX | MEMORY_TYPE_MASK | IPAT_AND_PS | HPA_MASK | SVE);
    }
    return switch (state) {
      case FREE -> SVE;
      case REMOVED -> 0;
      default -> entry & (RWX | PS);
    };
  }

  /** RDX: the level and the state. */
  static long shownState(long entry, int level) {
    return level & ((1 << LEVEL_BITS) - 1) | (long) state(entry).publicCode() << STATE_CODE_SHIFT;
  }
}
