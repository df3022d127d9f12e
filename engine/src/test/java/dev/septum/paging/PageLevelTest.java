package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Levels and accesses: their numbers are KVM's and the hardware's. */
class PageLevelTest {

  @ParameterizedTest
  @CsvSource({
    "LEVEL_4K, 1, 4K",
    "LEVEL_2M, 2, 2M",
    "LEVEL_1G, 3, 1G",
    "LEVEL_512G, 4, 512G",
    "LEVEL_256T, 5, 256T"
  })
  void numbersAndLabelsAreKvms(PageLevel level, int number, String label) {
    assertEquals(number, level.number());
    assertEquals(label, level.label());
    assertEquals(label, level.toString());
  }

  @ParameterizedTest
  @EnumSource
  void aLevelIsFoundByItsNumberAndByItsLabelInEitherCase(PageLevel level) {
    assertSame(level, PageLevel.of(level.number()));
    assertSame(level, PageLevel.parse(level.label()));
    assertSame(level, PageLevel.parse(level.label().toLowerCase(Locale.ROOT)));
  }

  @Test
  void theNamedNumbersAreThoseOfTheLevels() {
    assertEquals(PageLevel.LEVEL_4K.number(), PageLevel.PG_4K);
    assertEquals(PageLevel.LEVEL_2M.number(), PageLevel.PG_2M);
    assertEquals(PageLevel.LEVEL_1G.number(), PageLevel.PG_1G);
    assertEquals(3, PageLevel.LEAF_LEVELS);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 6, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void otherNumbersAreRefused(int number) {
    assertEquals(
        "no page level has the number " + number,
        assertThrows(IllegalArgumentException.class, () -> PageLevel.of(number)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "4", "4KB", "8K", " 4K"})
  void otherLabelsAreRefused(String label) {
    assertEquals(
        "expected a page level (4k, 2m, 1g), found '" + label + "'",
        assertThrows(IllegalArgumentException.class, () -> PageLevel.parse(label)).getMessage());
  }

  @Test
  void accessBitsAreThoseOfAnEntrysPermissions() {
    assertEquals(1, Access.READ.bit());
    assertEquals(2, Access.WRITE.bit());
    assertEquals(4, Access.EXECUTE.bit());
  }
}
