package dev.septum.paging;

/**
 * The shape of a radix tree: how many levels, and how many bits of a guest frame number (gfn) index
 * each. Hardware has 4 or 5 levels of 9 bits; checkers run trees as small as 2 levels of 1 bit.
 *
 * <p>All methods are wait-free and allocate nothing.
 */
public final class Geometry {
  /** Bytes of a 4 KiB page, as a shift. */
  public static final int PAGE_SHIFT = 12;

  /** The widest guest-physical address, in bits. */
  public static final int MAX_ADDRESS_BITS = 52;

  private static final int MAX_LEVELS = 5;
  private static final int MAX_BITS_PER_LEVEL = 9;

  /** 4 levels of 9 bits: 48-bit addresses. */
  public static final Geometry FOUR_LEVEL = new Geometry(4, 9);

  /** 5 levels of 9 bits: addresses up to the architecture's 52 bits. */
  public static final Geometry FIVE_LEVEL = new Geometry(5, 9);

  private final int levels;
  private final int bitsPerLevel;
  private final int indexMask;
  private final int gfnBits;

  /**
   * A geometry.
   *
   * @param levels 2 to 5
   * @param bitsPerLevel 1 to 9
   * @throws IllegalArgumentException if either is out of range
   */
  public Geometry(int levels, int bitsPerLevel) {
    if (levels < 2 || levels > MAX_LEVELS) {
      throw new IllegalArgumentException("levels must be 2 to 5, not " + levels);
    }
    if (bitsPerLevel < 1 || bitsPerLevel > MAX_BITS_PER_LEVEL) {
      throw new IllegalArgumentException("bits per level must be 1 to 9, not " + bitsPerLevel);
    }
    this.levels = levels;
    this.bitsPerLevel = bitsPerLevel;
    this.indexMask = (1 << bitsPerLevel) - 1;
    this.gfnBits = Math.min(levels * bitsPerLevel, MAX_ADDRESS_BITS - PAGE_SHIFT);
  }

  /** Levels of the tree; also the level of the root table's entries. */
  public int levels() {
    return levels;
  }

  /** Bits of a gfn that index one table. */
  public int bitsPerLevel() {
    return bitsPerLevel;
  }

  /** Entries of a table. */
  public int entries() {
    return indexMask + 1;
  }

  /** The largest level at which a leaf may stand: 1G, or the root's if the tree is lower. */
  public int maxLeafLevel() {
    return Math.min(levels, PageLevel.LEAF_LEVELS);
  }

  /** One more than the largest gfn. */
  public long gfnLimit() {
    return 1L << gfnBits;
  }

  /** Where a gfn's entry stands in the table whose entries have this level. */
  public int index(long gfn, int level) {
    return (int) (gfn >>> (bitsPerLevel * (level - 1))) & indexMask;
  }

  /** Pages of 4 KiB that an entry of this level maps. */
  public long pages(int level) {
    return 1L << (bitsPerLevel * (level - 1));
  }

  /** The first gfn of the block of this level that holds {@code gfn}. */
  public long round(long gfn, int level) {
    return gfn & -pages(level);
  }

  /**
   * Checks that a leaf may have this level.
   *
   * @return the level
   * @throws IllegalArgumentException if it is out of range here
   */
  public int checkLeafLevel(int level) {
    if (level < PageLevel.PG_4K || level > maxLeafLevel()) {
      throw new IllegalArgumentException(
          "a leaf's level must be 1 to " + maxLeafLevel() + " in " + this + ", not " + level);
    }
    return level;
  }

  /**
   * Checks that a gfn lies in the tree.
   *
   * @return the gfn
   * @throws IllegalArgumentException if it does not
   */
  public long checkGfn(long gfn) {
    if (gfn < 0 || gfn >= gfnLimit()) {
      throw new IllegalArgumentException(
          String.format("gfn 0x%x is beyond %s, which ends at gfn 0x%x", gfn, this, gfnLimit()));
    }
    return gfn;
  }

  /**
   * Checks that a range lies in the tree.
   *
   * @return the range
   * @throws IllegalArgumentException if it does not
   */
  public GfnRange checkRange(GfnRange range) {
    checkGfn(range.start());
    if (range.end() > gfnLimit()) {
      checkGfn(range.end() - 1);
    }
    return range;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Geometry that
        && levels == that.levels
        && bitsPerLevel == that.bitsPerLevel;
  }

  @Override
  public int hashCode() {
    return levels * 31 + bitsPerLevel;
  }

  @Override
  public String toString() {
    return levels + " levels of " + bitsPerLevel + (bitsPerLevel == 1 ? " bit" : " bits");
  }
}
