package dev.septum.simulator.report;

import java.util.Locale;

/** Numbers as people read them, the same in every locale. */
final class Numbers {
  private static final double MILLION = 1e6;
  private static final int UNIT_SHIFT = 10;
  private static final String[] UNITS = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};

  private Numbers() {}

  /** 8,068,431. */
  static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** 12.3 M/s. */
  static String rate(double perSecond) {
    return rate(perSecond, "");
  }

  /** 12.3 M lines/s of {@code " lines"}. */
  static String rate(double perSecond, String what) {
    return perSecond < MILLION
        ? grouped(Math.round(perSecond)) + what + "/s"
        : String.format(Locale.ROOT, "%.1f M%s/s", perSecond / MILLION, what);
  }

  /** 0.42 s. */
  static String seconds(double seconds) {
    return String.format(Locale.ROOT, seconds < 10 ? "%.2f s" : "%.1f s", seconds);
  }

  /** 1,024.0 of MiB. */
  static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,.1f", bytes / (double) (1 << (2 * UNIT_SHIFT)));
  }

  /** The size in the largest unit that keeps it whole: 1 GiB, 1,536 MiB. */
  static String size(long bytes) {
    int unit = 0;
    long left = bytes;
    while (left != 0 && (left & (1 << UNIT_SHIFT) - 1) == 0 && unit < UNITS.length - 1) {
      left >>>= UNIT_SHIFT;
      unit++;
    }
    return grouped(left) + " " + UNITS[unit];
  }

  /** A part of a whole: 98.91 %; a whole of nothing has none. */
  static String percent(long part, long whole, int decimals) {
    return whole == 0
        ? "-"
        : String.format(Locale.ROOT, "%." + decimals + "f %%", 100.0 * part / whole);
  }

  /** 1 slot, 2 slots. */
  static String counted(long number, String one, String many) {
    return grouped(number) + " " + (number == 1 ? one : many);
  }
}
