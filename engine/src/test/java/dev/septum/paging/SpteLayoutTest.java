package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Entries in words, as each kernel lays them out. */
class SpteLayoutTest {
  private static final long LEAF_4K = Spte.makeLeaf(0x1, 1, false, 0);

  /**
   * A value that a Linux 6 kernel printed, by hand: {@code 0x061} in bits 52 to 63 is 58, 57 and
   * 52; {@code 0x34d4fe} is the frame; {@code 0x877} is bit 11, bits 6, 5 and 4 (ignore-PAT and
   * type 6), bits 2 to 0. Not accessed: with A/D disabled that is no matter of bit 8. Bit 63 is
   * clear.
   */
  @Test
  void aRealKernelsValue() {
    assertEquals(
        "4K leaf pfn 0x34d4fe RWX WB ignore-PAT host-writable mmu-writable A/D disabled"
            + " #VE not suppressed",
        Spte.describe(0x0610_0003_4d4f_e877L, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void emptyAndFrozenAreOneWordAtEveryLevel(int level) {
    assertEquals("empty", Spte.describe(Spte.EMPTY, level));
    assertEquals("frozen", Spte.describe(Spte.FROZEN, level));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5})
  void aTableIsItsNumber(int level) {
    assertEquals("table 0x1234 RWX accessed", Spte.describe(Spte.makeTable(0x1234), level));
  }

  @Test
  void aLeafIsItsLevelFrameAndFlags() {
    assertEquals(
        "2M leaf pfn 0x200 RWX WB ignore-PAT accessed dirty host-writable mmu-writable",
        Spte.describe(Spte.makeLeaf(0x200, 2, true, Spte.ACCESSED | Spte.DIRTY), 2));
    assertEquals("4K leaf pfn 0x1 R-X WB ignore-PAT", Spte.describe(LEAF_4K, 1));
    assertEquals(
        "1G leaf pfn 0x40000 R-X WB ignore-PAT accessed",
        Spte.describe(Spte.makeLeaf(0x40000, 3, false, Spte.ACCESSED), 3));
  }

  @ParameterizedTest
  @CsvSource({"1, A/D disabled", "2, A/D write-protect only", "3, A/D type 3"})
  void anUnusualAdTypeIsNamed(long type, String words) {
    assertEquals(
        "4K leaf pfn 0x1 R-X WB ignore-PAT " + words, Spte.describe(LEAF_4K | type << 52, 1));
  }

  @Test
  void whatAnAccessTrackedLeafHasSavedIsShown() {
    long tracked = (LEAF_4K & ~7L) | 1L << 52 | 1L << 54 | 1L << 56;
    assertEquals(
        "4K leaf pfn 0x1 --- WB ignore-PAT A/D disabled saved R-X", Spte.describe(tracked, 1));
    assertEquals(
        "4K leaf pfn 0x1 --- WB ignore-PAT A/D disabled saved R--",
        Spte.describe(tracked & ~(1L << 56), 1));
  }

  @ParameterizedTest
  @CsvSource({
    "0, UC",
    "1, WC",
    "2, memory type 2",
    "3, memory type 3",
    "4, WT",
    "5, WP",
    "6, WB",
    "7, memory type 7"
  })
  void theMemoryTypeIsNamed(long type, String words) {
    long entry = (LEAF_4K & ~(7L << 3 | 1L << 6)) | type << 3;
    assertEquals("4K leaf pfn 0x1 R-X " + words, Spte.describe(entry, 1));
  }

  @ParameterizedTest
  @CsvSource({"1, R--", "2, -W-", "3, RW-", "4, --X", "5, R-X", "6, -WX", "7, RWX", "0, ---"})
  void permissionsAreThreeLetters(long permissions, String words) {
    assertEquals(
        "4K leaf pfn 0x1 " + words + " WB ignore-PAT",
        Spte.describe((LEAF_4K & ~7L) | permissions, 1));
  }

  /** Zero; an MMIO entry of regular VMX; what the other kernel has for frozen. */
  @ParameterizedTest
  @CsvSource({
    "0x0, not present 0x0 --- UC #VE not suppressed",
    "0xfee00006, not present 0xfee00006 -WX UC #VE not suppressed",
    "-0x7ffffffffffffe60, not present 0x80000000000001a0 --- WT accessed",
  })
  void whatIsNotPresentIsShownInFull(String entry, String words) {
    assertEquals(words, Spte.describe(Long.decode(entry), 1));
  }

  // Where each kernel keeps its software bits: one bit at a time, by hand from the tables of bits.

  @ParameterizedTest
  @CsvSource({
    "LINUX_6, 52, A/D disabled",
    "LINUX_6, 53, A/D write-protect only",
    "LINUX_6, 54, saved R--",
    "LINUX_6, 55, ''",
    "LINUX_6, 56, saved --X",
    "LINUX_6, 57, host-writable",
    "LINUX_6, 58, mmu-writable",
    "LINUX_6, 59, ''",
    "LINUX_6, 60, ''",
    "LINUX_6, 61, ''",
    "LINUX_6, 62, ''",
    "LINUX_7_3, 52, saved R--",
    "LINUX_7_3, 53, host-writable",
    "LINUX_7_3, 54, saved --X",
    "LINUX_7_3, 55, mmu-writable",
    "LINUX_7_3, 56, ''",
    "LINUX_7_3, 57, ''",
    "LINUX_7_3, 58, ''",
    "LINUX_7_3, 59, ''",
    "LINUX_7_3, 60, A/D disabled",
    "LINUX_7_3, 61, A/D write-protect only",
    "LINUX_7_3, 62, saved ---U",
  })
  void aSoftwareBitIsItsWord(SpteLayout layout, int bit, String words) {
    String with = layout.describe(LEAF_4K | 1L << bit, 1);
    String without = layout.describe(LEAF_4K, 1);
    assertEquals("4K leaf pfn 0x1 R-X WB ignore-PAT", without);
    assertEquals(words.isEmpty() ? without : without + " " + words, with);
  }

  @Test
  void onlyLinux7KnowsUserExecution() {
    long entry = LEAF_4K | 1L << 10;
    assertEquals("4K leaf pfn 0x1 R-X WB ignore-PAT", SpteLayout.LINUX_6.describe(entry, 1));
    assertEquals("4K leaf pfn 0x1 R-XU WB ignore-PAT", SpteLayout.LINUX_7_3.describe(entry, 1));
  }

  @Test
  void eachKernelHasItsOwnFrozenEntry() {
    long linux6 = 1L << 63 | 0x5a0;
    long linux7 = 1L << 63 | 0x1a0;
    assertEquals("frozen", SpteLayout.LINUX_6.describe(linux6, 1));
    assertEquals("frozen", SpteLayout.LINUX_7_3.describe(linux7, 1));
    assertEquals(
        "not present 0x80000000000005a0 ---U WT accessed",
        SpteLayout.LINUX_7_3.describe(linux6, 1));
  }

  @ParameterizedTest
  @EnumSource
  void aLayoutIsFoundByItsLabel(SpteLayout layout) {
    assertEquals(layout, SpteLayout.parse(layout.label()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "linux", "Linux-6", "linux-7"})
  void otherLabelsAreRefused(String label) {
    assertEquals(
        "expected a layout (linux-6, linux-7.3), found '" + label + "'",
        assertThrows(IllegalArgumentException.class, () -> SpteLayout.parse(label)).getMessage());
  }
}
