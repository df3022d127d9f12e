package dev.septum.simulator.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Numbers read the same everywhere. */
class NumbersTest {
  @Test
  void localeDoesNotMatter() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      assertEquals("8,068,431", Numbers.grouped(8_068_431));
      assertEquals("12.3 M/s", Numbers.rate(12_345_678));
      assertEquals("999/s", Numbers.rate(999.4));
      assertEquals("0.42 s", Numbers.seconds(0.42));
      assertEquals("98.9 %", Numbers.percent(989, 1000, 1));
      assertEquals("1,024.5", Numbers.mebibytes((1L << 30) + (1 << 19)));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void sizesAreWholeInTheLargestUnit() {
    assertEquals("1 GiB", Numbers.size(1 << 30));
    assertEquals("1,536 MiB", Numbers.size(3L << 29));
    assertEquals("12 KiB", Numbers.size(3 << 12));
    assertEquals("0 bytes", Numbers.size(0));
  }

  @Test
  void oneIsSingular() {
    assertEquals("1 slot", Numbers.counted(1, "slot", "slots"));
    assertEquals("0 slots", Numbers.counted(0, "slot", "slots"));
    assertEquals("-", Numbers.percent(0, 0, 1));
  }
}
