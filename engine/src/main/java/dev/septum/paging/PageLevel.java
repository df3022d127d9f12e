package dev.septum.paging;

import java.util.Locale;

/**
 * The level of a page-table entry, and so the size of what it maps when it is a leaf. Numbers are
 * KVM's {@code PG_LEVEL_*}. In a {@link Geometry} of fewer bits a level keeps its number, not its
 * size.
 */
public enum PageLevel {
  /** 4 KiB: entries of the last table. */
  LEVEL_4K("4K"),
  /** 2 MiB. */
  LEVEL_2M("2M"),
  /** 1 GiB, the largest leaf. */
  LEVEL_1G("1G"),
  /** 512 GiB: the root's entries in a 4-level tree; never a leaf. */
  LEVEL_512G("512G"),
  /** 256 TiB: the root's entries in a 5-level tree; never a leaf. */
  LEVEL_256T("256T");

  /** The number of {@link #LEVEL_4K}. */
  public static final int PG_4K = 1;

  /** The number of {@link #LEVEL_2M}. */
  public static final int PG_2M = 2;

  /** The number of {@link #LEVEL_1G}. */
  public static final int PG_1G = 3;

  /** Levels that a leaf can have. */
  public static final int LEAF_LEVELS = PG_1G;

  private static final PageLevel[] BY_NUMBER = values();

  private final String label;

  PageLevel(String label) {
    this.label = label;
  }

  /** 1 for 4K to 5 for 256T. */
  public int number() {
    return ordinal() + 1;
  }

  /** {@code "4K"}, {@code "2M"} and so on. */
  public String label() {
    return label;
  }

  /**
   * The level with a number.
   *
   * @param number 1 to 5
   * @throws IllegalArgumentException if there is no such level
   */
  public static PageLevel of(int number) {
    if (number < 1 || number > BY_NUMBER.length) {
      throw new IllegalArgumentException("no page level has the number " + number);
    }
    return BY_NUMBER[number - 1];
  }

  /**
   * The level with a label, in either case.
   *
   * @throws IllegalArgumentException if there is no such level
   */
  public static PageLevel parse(String label) {
    for (PageLevel level : BY_NUMBER) {
      if (level.label.equals(label.toUpperCase(Locale.ROOT))) {
        return level;
      }
    }
    throw new IllegalArgumentException("expected a page level (4k, 2m, 1g), found '" + label + "'");
  }

  @Override
  public String toString() {
    return label;
  }
}
