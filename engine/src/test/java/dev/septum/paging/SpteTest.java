package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Seeds;
import java.util.Random;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The packed entry against Linux 6's layout, bit by bit. */
class SpteTest {
  private static final String ALL = "dev.septum.paging.Geometries#all";
  private static final long SEED = Seeds.seed("SpteTest");

  /** R, X, write-back (6 in bits 3 to 5), ignore-PAT, MMU-present, suppress-#VE. */
  private static final long LEAF = 1L << 63 | 0x875;

  private static final long PRESENT = 1L << 11;
  private static final int ROOT_5 = 5;

  // The layout.

  @Test
  void everyFlagHasItsBit() {
    assertEquals(1L, Spte.READ);
    assertEquals(1L << 1, Spte.WRITE);
    assertEquals(1L << 2, Spte.EXECUTE);
    assertEquals(7L << 3, Spte.MEMORY_TYPE_MASK);
    assertEquals(6L << 3, Spte.MEMORY_TYPE_WB);
    assertEquals(1L << 6, Spte.IGNORE_PAT);
    assertEquals(1L << 7, Spte.LEAF);
    assertEquals(1L << 8, Spte.ACCESSED);
    assertEquals(1L << 9, Spte.DIRTY);
    assertEquals(1L << 11, Spte.MMU_PRESENT);
    assertEquals(1L << 57, Spte.HOST_WRITABLE);
    assertEquals(1L << 58, Spte.MMU_WRITABLE);
    assertEquals(1L << 63, Spte.SUPPRESS_VE);
  }

  @Test
  void theFrameIsBits12To51() {
    assertEquals(0x000f_ffff_ffff_f000L, Spte.PFN_MASK);
    for (int bit = 0; bit < 64; bit++) {
      long expected = bit >= 12 && bit <= 51 ? 1L << (bit - 12) : 0;
      assertEquals(expected, Spte.pfn(1L << bit), "bit " + bit);
    }
  }

  @Test
  void eachTestLooksAtItsOwnBitAlone() {
    assertLooksAt(1, Spte::isWritable);
    assertLooksAt(8, Spte::isAccessed);
    assertLooksAt(9, Spte::isDirty);
    assertLooksAt(11, Spte::isPresent);
    assertLooksAt(11, entry -> Spte.presence(entry) == 1);
    assertLooksAt(57, Spte::isHostWritable);
    assertLooksAt(58, Spte::isMmuWritable);
    for (int level = 2; level <= ROOT_5; level++) {
      int at = level;
      assertLooksAt(7, entry -> Spte.isLeaf(entry | PRESENT, at));
      assertLooksAt(7, entry -> !Spte.isTable(entry | PRESENT, at));
    }
  }

  @Test
  void emptyIsSuppressVeAlone() {
    assertEquals(0x8000_0000_0000_0000L, Spte.EMPTY);
    assertFalse(Spte.isPresent(Spte.EMPTY));
    assertFalse(Spte.allowsAnything(Spte.EMPTY));
  }

  @Test
  void frozenIsComparedExactly() {
    assertEquals(0x8000_0000_0000_05a0L, Spte.FROZEN);
    assertTrue(Spte.isFrozen(0x8000_0000_0000_05a0L));
    for (int bit = 0; bit < 64; bit++) {
      assertFalse(Spte.isFrozen(Spte.FROZEN ^ 1L << bit), "bit " + bit);
    }
    assertFalse(Spte.isPresent(Spte.FROZEN));
    assertFalse(Spte.allowsAnything(Spte.FROZEN));
    assertEquals(0, Spte.pfn(Spte.FROZEN));
  }

  // What an entry is.

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void whatTheEngineWritesIsOneOfEmptyFrozenLeafAndTable(int level) {
    engineEntries(level)
        .forEach(
            entry -> {
              int kinds =
                  count(entry == Spte.EMPTY)
                      + count(Spte.isFrozen(entry))
                      + count(Spte.isLeaf(entry, level))
                      + count(Spte.isTable(entry, level));
              assertEquals(1, kinds, () -> Long.toHexString(entry));
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void anyPresentValueIsALeafOrATableAndNoOtherIs(int level) {
    new Random(SEED)
        .longs(10_000)
        .forEach(
            entry -> {
              boolean leaf = Spte.isLeaf(entry, level);
              boolean table = Spte.isTable(entry, level);
              assertEquals(Spte.isPresent(entry), leaf ^ table, () -> Long.toHexString(entry));
              assertFalse(leaf && table);
              assertFalse(table && level == 1);
            });
  }

  @Test
  void anEntryAllowsAnAccessIfItAllowsAllOfItsBits() {
    for (int permissions = 0; permissions < 8; permissions++) {
      for (int access = 0; access < 8; access++) {
        boolean all = true;
        for (Access one : Access.values()) {
          all &= (access & one.bit()) == 0 || (permissions & one.bit()) != 0;
        }
        assertEquals(all, Spte.allows(Spte.EMPTY | permissions, access));
      }
      assertEquals(permissions, Spte.permissions(~7L | permissions));
      assertEquals(permissions != 0, Spte.allowsAnything(Spte.EMPTY | permissions));
    }
  }

  /** Host-writable, MMU-writable, W. */
  @ParameterizedTest
  @CsvSource({
    "true, true, true, true, writable",
    "true, true, false, true, write-protected for the dirty log",
    "true, false, false, true, write-tracked",
    "false, false, false, true, read-only",
    "true, false, true, false, W without MMU-writable",
    "false, true, true, false, MMU-writable without host-writable",
    "false, true, false, false, MMU-writable without host-writable",
    "false, false, true, false, W alone",
  })
  void wImpliesMmuWritableImpliesHostWritable(
      boolean host, boolean mmu, boolean write, boolean legal, String what) {
    long entry =
        Spte.EMPTY
            | (host ? Spte.HOST_WRITABLE : 0)
            | (mmu ? Spte.MMU_WRITABLE : 0)
            | (write ? Spte.WRITE : 0);
    assertEquals(legal, Spte.keepsWritableRules(entry), what);
  }

  @Test
  void accessedAndDirtyAreTakenOutAndLeftOutInPlace() {
    long both = 1L << 8 | 1L << 9;
    new Random(SEED)
        .longs(1000)
        .forEach(
            entry -> {
              assertEquals(entry & both, Spte.accessedDirty(entry));
              assertEquals(entry, Spte.accessedDirty(entry) | Spte.withoutAccessedDirty(entry));
              assertEquals(0, Spte.accessedDirty(Spte.withoutAccessedDirty(entry)));
            });
  }

  @ParameterizedTest
  @CsvSource({"1, false", "2, true", "3, true", "4, false", "5, false", "6, true", "7, true"})
  void everyAccessSetsAAndAWriteSetsD(int accessBits, boolean dirty) {
    assertEquals(1L << 8 | (dirty ? 1L << 9 : 0), Spte.flagsSetBy(accessBits));
  }

  // Making entries.

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 2048, Integer.MAX_VALUE})
  void aTableEntryPermitsAllIsAccessedAndNamesItsTable(int table) {
    long entry = Spte.makeTable(table);
    assertEquals(1L << 63 | (long) table << 12 | 0x907, entry);
    assertEquals(table, Spte.table(entry));
    assertFalse(Spte.isDirty(entry));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aLeafHasTheBitsThatWereAskedFor(int level) {
    long large = level > 1 ? 1L << 7 : 0;
    long pfn = 0x12_3400_0000L;
    assertEquals(LEAF | large | pfn << 12, Spte.makeLeaf(pfn, level, false, 0));
    assertEquals(
        LEAF | large | pfn << 12 | 1L << 1 | 1L << 57 | 1L << 58,
        Spte.makeLeaf(pfn, level, true, 0));
    assertEquals(
        LEAF | large | pfn << 12 | 1L << 8 | 1L << 9,
        Spte.makeLeaf(pfn, level, false, Spte.ACCESSED | Spte.DIRTY));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 0x34_d4fe, (1L << 40) - 1})
  void aLeafMapsItsFrame(long pfn) {
    long leaf = Spte.makeLeaf(pfn, 1, true, Spte.ACCESSED);
    assertEquals(pfn, Spte.pfn(leaf));
    assertTrue(Spte.keepsWritableRules(leaf));
    assertTrue(Spte.isLeaf(leaf, 1));
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void theChildrenOfASplitMapWhatTheLeafMapped(Geometry geometry) {
    for (int level = 2; level <= geometry.maxLeafLevel(); level++) {
      for (boolean writable : new boolean[] {false, true}) {
        long flags = writable ? Spte.ACCESSED | Spte.DIRTY : 0;
        long huge = Spte.makeLeaf(5 * geometry.pages(level), level, writable, flags);
        for (int index = 0; index < geometry.entries(); index++) {
          long small = Spte.makeSmall(huge, level, index, geometry);
          long gfn = index * geometry.pages(level - 1);
          assertEquals(
              Spte.makeLeaf(5 * geometry.pages(level) + gfn, level - 1, writable, flags), small);
          assertEquals(
              Spte.pfnOf(huge, level, gfn, geometry), Spte.pfnOf(small, level - 1, gfn, geometry));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void anyChildOfASplitLeadsBackToTheLeaf(Geometry geometry) {
    for (int level = 2; level <= geometry.maxLeafLevel(); level++) {
      long huge = Spte.makeLeaf(3 * geometry.pages(level), level, true, Spte.DIRTY);
      for (int index = 0; index < geometry.entries(); index++) {
        long small = Spte.makeSmall(huge, level, index, geometry);
        assertEquals(huge, Spte.makeHuge(small, level, geometry));
      }
    }
  }

  @Test
  void aSplitOf1GKeepsTheLeafBitAndASplitOf2MClearsIt() {
    long huge = Spte.makeLeaf(1L << 18, 3, false, 0);
    long middle = Spte.makeSmall(huge, 3, 511, Geometry.FOUR_LEVEL);
    long small = Spte.makeSmall(middle, 2, 511, Geometry.FOUR_LEVEL);
    assertNotEquals(0, middle & 1L << 7);
    assertEquals(0, small & 1L << 7);
    assertEquals((1L << 19) - 1, Spte.pfn(small));
  }

  @Test
  void bitsThatTheEngineDoesNotSetSurviveSplitAndMerge() {
    long odd = 1L << 52 | 1L << 10 | 1L << 59;
    long huge = Spte.makeLeaf(1L << 9, 2, true, 0) | odd;
    long small = Spte.makeSmall(huge, 2, 17, Geometry.FOUR_LEVEL);
    assertEquals(odd, small & odd);
    assertEquals(huge, Spte.makeHuge(small, 2, Geometry.FOUR_LEVEL));
  }

  @Test
  void aLeafGivesEachGfnItsFrame() {
    Geometry geometry = Geometry.FOUR_LEVEL;
    long leaf = Spte.makeLeaf(0x40000, 2, false, 0);
    assertEquals(0x40000, Spte.pfnOf(leaf, 2, 0x1200, geometry));
    assertEquals(0x401ff, Spte.pfnOf(leaf, 2, 0x13ff, geometry));
    assertEquals(0x40000, Spte.pfnOf(leaf, 1, 0x13ff, geometry));
  }

  /** Everything of the kinds that the engine writes at a level, with some frames of each. */
  private static LongStream engineEntries(int level) {
    LongStream.Builder entries = LongStream.builder();
    entries.add(Spte.EMPTY).add(Spte.FROZEN);
    Random random = new Random(SEED);
    for (int i = 0; i < 200; i++) {
      if (level > 1) {
        entries.add(Spte.makeTable(1 + random.nextInt(Integer.MAX_VALUE)));
      }
      if (level <= PageLevel.LEAF_LEVELS) {
        for (int bits = 0; bits < 8; bits++) {
          long flags = (bits & 1) * Spte.ACCESSED | (bits >> 1 & 1) * Spte.DIRTY;
          entries.add(Spte.makeLeaf(random.nextLong(1L << 40), level, bits >> 2 == 1, flags));
        }
      }
    }
    return entries.build();
  }

  private static void assertLooksAt(int only, LongPredicate test) {
    for (int bit = 0; bit < 64; bit++) {
      assertEquals(bit == only, test.test(1L << bit), "bit " + bit);
    }
    assertTrue(test.test(-1L));
    assertFalse(test.test(0));
  }

  private static int count(boolean holds) {
    return holds ? 1 : 0;
  }
}
