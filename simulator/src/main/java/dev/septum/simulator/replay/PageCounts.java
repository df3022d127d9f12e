package dev.septum.simulator.replay;

import dev.septum.paging.Geometry;
import dev.septum.paging.PageLevel;

/**
 * Leaves by size.
 *
 * @param small of 4 KiB
 * @param large of 2 MiB
 * @param huge of 1 GiB
 */
public record PageCounts(long small, long large, long huge) {
  /** Counts that stand at the numbers of their levels. */
  static PageCounts of(long[] byLevel) {
    return new PageCounts(
        byLevel[PageLevel.PG_4K], byLevel[PageLevel.PG_2M], byLevel[PageLevel.PG_1G]);
  }

  /** How many there are of one size. */
  public long of(PageLevel level) {
    return switch (level) {
      case LEVEL_4K -> small;
      case LEVEL_2M -> large;
      case LEVEL_1G -> huge;
      default -> 0;
    };
  }

  /** Bytes that the leaves of one size map. */
  public long bytes(PageLevel level) {
    return of(level) * bytesOf(level);
  }

  /** Bytes of one page. */
  public static long bytesOf(PageLevel level) {
    return Geometry.FOUR_LEVEL.pages(level.number()) << Geometry.PAGE_SHIFT;
  }

  /** Bytes that all of them map. */
  public long bytes() {
    return bytes(PageLevel.LEVEL_4K) + bytes(PageLevel.LEVEL_2M) + bytes(PageLevel.LEVEL_1G);
  }
}
