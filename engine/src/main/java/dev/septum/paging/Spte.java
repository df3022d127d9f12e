package dev.septum.paging;

/**
 * The packed entry: every bit of it lives here, and nothing else tests a raw bit.
 *
 * <p>Bit-compatible with the EPT flavour of KVM's SPTEs in Linux 6, so that a value printed by a
 * real kernel decodes:
 *
 * <pre>
 *   63  suppress #VE            58 MMU-writable      57 host-writable   54,56 saved R, X
 *   52-53 A/D type              12-51 PFN            11 MMU-present     9 D    8 A
 *   7 leaf (above 4K)           6 IPAT               3-5 memory type    2 X    1 W    0 R
 * </pre>
 *
 * An entry is one of: {@linkplain #EMPTY empty}, {@linkplain #FROZEN frozen}, a leaf, or a table.
 * Static methods over {@code long}; wait-free; nothing is allocated.
 */
public final class Spte {
  /** Nothing is mapped; suppresses #VE, so that a touch exits as an EPT violation. */
  public static final long EMPTY = 1L << 63;

  /** Locked by whoever wrote it, or part of a table that is dead. Compared exactly. */
  public static final long FROZEN = EMPTY | 0x5a0;

  static final long READ = 1;
  static final long WRITE = 1L << 1;
  static final long EXECUTE = 1L << 2;
  static final int MEMORY_TYPE_SHIFT = 3;
  static final long MEMORY_TYPE_MASK = 7L << MEMORY_TYPE_SHIFT;
  static final long MEMORY_TYPE_WB = 6L << MEMORY_TYPE_SHIFT;
  static final long IGNORE_PAT = 1L << 6;
  static final long LEAF = 1L << 7;

  /** The hardware's accessed flag. */
  public static final long ACCESSED = 1L << 8;

  /** The hardware's dirty flag. */
  public static final long DIRTY = 1L << 9;

  private static final int MMU_PRESENT_SHIFT = 11;
  static final long MMU_PRESENT = 1L << MMU_PRESENT_SHIFT;
  static final int PFN_SHIFT = Geometry.PAGE_SHIFT;
  static final long PFN_MASK = (1L << Geometry.MAX_ADDRESS_BITS) - (1L << PFN_SHIFT);
  static final long HOST_WRITABLE = 1L << 57;
  static final long MMU_WRITABLE = 1L << 58;
  static final long SUPPRESS_VE = 1L << 63;

  private static final long PERMISSIONS = READ | WRITE | EXECUTE;
  private static final long TABLE_BITS = PERMISSIONS | ACCESSED | MMU_PRESENT | SUPPRESS_VE;
  private static final long LEAF_BITS =
      READ | EXECUTE | MEMORY_TYPE_WB | IGNORE_PAT | MMU_PRESENT | SUPPRESS_VE;
  private static final long WRITABLE_BITS = WRITE | HOST_WRITABLE | MMU_WRITABLE;

  private Spte() {}

  // What an entry is.

  /** A leaf or a table, as opposed to empty or frozen. */
  public static boolean isPresent(long entry) {
    return (entry & MMU_PRESENT) != 0;
  }

  /** 1 for a leaf or a table, else 0: to count without a branch. */
  static long presence(long entry) {
    return (entry >>> MMU_PRESENT_SHIFT) & 1;
  }

  /** Exactly {@link #FROZEN}. */
  public static boolean isFrozen(long entry) {
    return entry == FROZEN;
  }

  /** Maps memory at this level. */
  public static boolean isLeaf(long entry, int level) {
    return isPresent(entry) && (level == PageLevel.PG_4K || (entry & LEAF) != 0);
  }

  /** Names a table of the next lower level. */
  public static boolean isTable(long entry, int level) {
    return level > PageLevel.PG_4K && (entry & (MMU_PRESENT | LEAF)) == MMU_PRESENT;
  }

  /** Whether hardware would find the entry present: it allows something. */
  public static boolean allowsAnything(long entry) {
    return (entry & PERMISSIONS) != 0;
  }

  /** Whether the entry allows every access in {@code accessBits} (see {@link Access#bit}). */
  public static boolean allows(long entry, int accessBits) {
    return (entry & accessBits) == accessBits;
  }

  /** The access bits that the entry allows. */
  public static int permissions(long entry) {
    return (int) (entry & PERMISSIONS);
  }

  /** The accessed flag. */
  public static boolean isAccessed(long entry) {
    return (entry & ACCESSED) != 0;
  }

  /** The dirty flag. */
  public static boolean isDirty(long entry) {
    return (entry & DIRTY) != 0;
  }

  /** Whether writes are allowed now. */
  public static boolean isWritable(long entry) {
    return (entry & WRITE) != 0;
  }

  /** Whether the host's own mapping is writable. */
  public static boolean isHostWritable(long entry) {
    return (entry & HOST_WRITABLE) != 0;
  }

  /** Whether the MMU may make the entry writable without asking. */
  public static boolean isMmuWritable(long entry) {
    return (entry & MMU_WRITABLE) != 0;
  }

  /** The frame that a leaf maps, in units of 4 KiB. */
  public static long pfn(long entry) {
    return (entry & PFN_MASK) >>> PFN_SHIFT;
  }

  /** The table that a non-leaf names. */
  public static int table(long entry) {
    return (int) (entry >>> PFN_SHIFT); // as of pfn: an int has not its upper bits
  }

  /** The A and D flags, in place. */
  public static long accessedDirty(long entry) {
    return entry & (ACCESSED | DIRTY);
  }

  /** All but A and D: two entries that agree here translate and permit alike. */
  public static long withoutAccessedDirty(long entry) {
    return entry & ~(ACCESSED | DIRTY);
  }

  /** W implies MMU-writable, MMU-writable implies host-writable. */
  public static boolean keepsWritableRules(long entry) {
    return (!isWritable(entry) || isMmuWritable(entry))
        && (!isMmuWritable(entry) || isHostWritable(entry));
  }

  /** The A and D flags that hardware sets for an access. */
  public static long flagsSetBy(int accessBits) {
    return ACCESSED | ((accessBits & WRITE) != 0 ? DIRTY : 0);
  }

  // Making entries.

  /** A non-leaf entry that names a table. */
  public static long makeTable(int table) {
    return TABLE_BITS | ((long) table << PFN_SHIFT);
  }

  /**
   * A leaf, readable and executable, write-back.
   *
   * @param pfn the first frame, aligned to the level
   * @param level 1 to 3
   * @param writable whether it may be written
   * @param flags {@link #ACCESSED} and {@link #DIRTY} as wanted
   */
  public static long makeLeaf(long pfn, int level, boolean writable, long flags) {
    return LEAF_BITS
        | (level > PageLevel.PG_4K ? LEAF : 0)
        | (writable ? WRITABLE_BITS : 0)
        | flags
        | pfn << PFN_SHIFT;
  }

  /** Child {@code index} of the table that replaces the leaf {@code huge} of {@code level}. */
  public static long makeSmall(long huge, int level, int index, Geometry geometry) {
    int childLevel = level - 1;
    long small = huge + ((index * geometry.pages(childLevel)) << PFN_SHIFT);
    return childLevel == PageLevel.PG_4K ? small & ~LEAF : small;
  }

  /** How much larger an entry is than the one before it, where leaves of a level are contiguous. */
  public static long stepOf(int level, Geometry geometry) {
    return geometry.pages(level) << PFN_SHIFT;
  }

  /** The leaf of {@code level} that covers the block of the leaf {@code small} below it. */
  public static long makeHuge(long small, int level, Geometry geometry) {
    long block = (geometry.pages(level) - 1) << PFN_SHIFT;
    return (small & ~block) | LEAF;
  }

  /** The frame that a leaf of {@code level} gives to {@code gfn}. */
  public static long pfnOf(long leaf, int level, long gfn, Geometry geometry) {
    return pfn(leaf) + (gfn & geometry.pages(level) - 1);
  }

  /** The entry in words, as in Linux 6; see {@link SpteLayout}. */
  public static String describe(long entry, int level) {
    return SpteLayout.LINUX_6.describe(entry, level);
  }
}
