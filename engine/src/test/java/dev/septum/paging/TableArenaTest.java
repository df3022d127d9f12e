package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Seeds;
import dev.septum.paging.RandomTree.Visit;
import dev.septum.paging.TableArena.TableState;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables by number: in one piece, apart from each other, up to a limit. */
class TableArenaTest {
  private static final long SEED = Seeds.seed("TableArenaTest");

  /** Limits that lie on, before and behind the borders of chunks of 62 and 2,047 tables. */
  @ParameterizedTest
  @CsvSource({
    "2, 1, 1",
    "2, 1, 62",
    "2, 1, 63",
    "3, 2, 2109",
    "3, 2, 2110",
    "5, 8, 2111",
    "4, 9, 62",
    "4, 9, 63",
    "4, 9, 2109",
    "5, 9, 2110"
  })
  void theLimitCanBeReachedAndNotPassed(int levels, int bits, int limit) {
    TableArena arena = new TableArena(new Geometry(levels, bits), limit);
    assertEquals(limit, arena.limit());
    int[] tables = carveAll(arena);
    assertEquals(limit, tables.length);
    assertEquals(limit, arena.carved());
    assertEquals(TableArena.NO_TABLE, arena.carve());
    assertEquals(limit, arena.carved());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 9})
  void aWholeTableIsFilledExchangedAndFrozenAndItsNeighboursAreNot(int bits) {
    Geometry geometry = new Geometry(2, bits);
    TableArena arena = new TableArena(geometry, 3);
    int[] tables = carveAll(arena);
    for (int table : tables) {
      arena.fillPlain(table, 100L * table, 2);
    }
    long[] old = new long[geometry.entries()];
    arena.exchangeAll(tables[1], 5, old);
    for (int index = 0; index < geometry.entries(); index++) {
      assertEquals(100L * tables[1] + 2L * index, old[index]);
      assertEquals(5, arena.entryAcquire(tables[1], index));
    }
    assertEquals(5, arena.freezePlain(tables[1]));
    for (int index = 0; index < geometry.entries(); index++) {
      assertEquals(Spte.FROZEN, arena.entryAcquire(tables[1], index));
      assertEquals(100L * tables[0] + 2L * index, arena.entryAcquire(tables[0], index));
      assertEquals(100L * tables[2] + 2L * index, arena.entryAcquire(tables[2], index));
    }
  }

  /** Each bit of each entry counts, and none of a neighbour's. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 4096", "2, 4096", "3, 2", "9, 4096", "9, 2097152"})
  void differencesAreThoseOfAnyEntry(int bits, long step) {
    Geometry geometry = new Geometry(2, bits);
    TableArena arena = new TableArena(geometry, 3);
    int[] tables = carveAll(arena);
    int table = tables[1];
    arena.fillPlain(tables[0], 0L, 0);
    arena.fillPlain(table, 77L, step);
    arena.fillPlain(tables[2], 0L, 0);
    assertEquals(0, arena.differencesPlain(table, 77, step));
    for (int index = 0; index < geometry.entries(); index++) {
      long entry = 77 + index * step;
      long bit = 1L << (index * 7) % 63;
      assertEquals(entry, arena.casEntry(table, index, entry, entry ^ bit));
      assertEquals(bit, arena.differencesPlain(table, 77, step));
      int other = geometry.entries() - 1 - index;
      arena.exchangeEntry(table, other, arena.entryPlain(table, other) ^ 1L << 63);
      assertEquals(bit | 1L << 63, arena.differencesPlain(table, 77, step));
      assertEquals(unionOf(arena, table), arena.freezePlain(table));
      arena.fillPlain(table, 77L, step);
    }
  }

  private static long unionOf(TableArena arena, int table) {
    return IntStream.range(0, arena.geometry().entries())
        .mapToLong(index -> arena.entryPlain(table, index))
        .reduce(0, (all, entry) -> all | entry);
  }

  @Test
  void theMarkOfADeadTableGoesWhenItIsTakenAgain() {
    TableArena arena = new TableArena(new Geometry(2, 1), 2);
    int[] tables = carveAll(arena);
    for (int table : tables) {
      arena.describe(table, 1, 2L * table, TableState.LIVE);
    }
    arena.markDeadThenFence(tables[0]);
    assertTrue(arena.isDeadVolatile(tables[0]));
    assertFalse(arena.isDeadVolatile(tables[1]));
    assertEquals(TableState.DEAD, arena.state(tables[0]));
    assertEquals(2L * tables[0], arena.gfn(tables[0]));
    assertEquals(1, arena.level(tables[0]));
    arena.setState(tables[0], TableState.FREE);
    assertFalse(arena.isDeadVolatile(tables[0]));
  }

  @ParameterizedTest
  @CsvSource({"2, 1, 1", "2, 1, 62", "2, 1, 63", "2, 1, 2109", "2, 1, 2110", "3, 4, 4200"})
  void numbersDifferAndAreListedInOrder(int levels, int bits, int limit) {
    TableArena arena = new TableArena(new Geometry(levels, bits), limit);
    assertArrayEquals(new int[0], arena.carvedTables());
    int[] tables = carveAll(arena);
    assertEquals(limit, Arrays.stream(tables).distinct().count());
    assertTrue(Arrays.stream(tables).allMatch(table -> table > TableArena.NO_TABLE));
    assertArrayEquals(tables, arena.carvedTables());
    assertEquals(tables[limit - 1] + 1, TableArena.numberLimit(limit));
  }

  /** Every entry of every table keeps a value of its own, and so does every descriptor. */
  @ParameterizedTest
  @CsvSource({"2, 1, 2200", "3, 4, 4200", "4, 9, 2110"})
  void tablesDoNotOverlap(int levels, int bits, int limit) {
    TableArena arena = new TableArena(new Geometry(levels, bits), limit);
    int[] tables = carveAll(arena);
    int last = arena.geometry().entries() - 1;
    for (int table : tables) {
      for (int index = 0; index <= last; index++) {
        arena.fillPlain(table, index, (long) table << 9 | index);
      }
      arena.describe(table, 1 + table % levels, table, TableState.LIVE);
    }
    for (int table : tables) {
      for (int index = 0; index <= last; index++) {
        assertEquals((long) table << 9 | index, arena.entryPlain(table, index));
      }
      assertEquals(1 + table % levels, arena.level(table));
      assertEquals(table, arena.gfn(table));
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "4, 9"})
  void onlyNumbersThatWereGivenOutAreCarved(int levels, int bits) {
    TableArena arena = new TableArena(new Geometry(levels, bits), 2200);
    assertFalse(arena.isCarved(1));
    int[] tables = IntStream.range(0, 100).map(i -> arena.carve()).toArray();
    for (int number = -10; number < 3 << 11; number++) {
      int wanted = number;
      boolean given = Arrays.stream(tables).anyMatch(table -> table == wanted);
      assertEquals(given, arena.isCarved(number), "number " + number);
    }
    assertFalse(arena.isCarved(Integer.MAX_VALUE));
    assertFalse(arena.isCarved(Integer.MIN_VALUE));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, (1 << 30) + 1, Integer.MIN_VALUE})
  void otherLimitsAreRefused(int limit) {
    assertEquals(
        "the limit of tables must be 1 to 2^30, not " + limit,
        assertThrows(
                IllegalArgumentException.class, () -> new TableArena(Geometry.FOUR_LEVEL, limit))
            .getMessage());
  }

  @Test
  void clearingATableEmptiesItAndNoOther() {
    TableArena arena = new TableArena(new Geometry(3, 2), 3);
    int[] tables = carveAll(arena);
    for (int table : tables) {
      for (int index = 0; index < 4; index++) {
        arena.fillPlain(table, index, Spte.FROZEN);
      }
    }
    arena.clearPlain(tables[1]);
    for (int index = 0; index < 4; index++) {
      assertEquals(Spte.FROZEN, arena.entryPlain(tables[0], index));
      assertEquals(Spte.EMPTY, arena.entryPlain(tables[1], index));
      assertEquals(Spte.FROZEN, arena.entryPlain(tables[2], index));
    }
  }

  @Test
  void aTableIsClearIfEveryEntryIsEmpty() {
    TableArena arena = new TableArena(new Geometry(3, 2), 3);
    int[] tables = carveAll(arena);
    for (int table : tables) {
      arena.clearPlain(table);
    }
    for (int index = 0; index < 4; index++) {
      for (long entry : new long[] {Spte.FROZEN, Spte.makeTable(1), 0}) {
        arena.fillPlain(tables[1], index, entry);
        assertFalse(arena.isClearPlain(tables[1]));
        assertTrue(arena.isClearPlain(tables[0]));
        assertTrue(arena.isClearPlain(tables[2]));
      }
      arena.fillPlain(tables[1], index, Spte.EMPTY);
      assertTrue(arena.isClearPlain(tables[1]));
    }
  }

  @Test
  void everyWayToReadSeesEveryWayToWrite() {
    TableArena arena = new TableArena(new Geometry(2, 1), 1);
    int table = arena.carve();
    arena.fillPlain(table, 1, 1);
    assertEquals(1, arena.entryAcquire(table, 1));
    arena.storeEntryRelease(table, 1, 2);
    assertEquals(2, arena.entryPlain(table, 1));
    assertEquals(2, arena.exchangeEntry(table, 1, 3));
    assertEquals(3, arena.entryAcquire(table, 1));
    assertEquals(0, arena.entryPlain(table, 0));
  }

  @Test
  void aCasReturnsWhatItFound() {
    TableArena arena = new TableArena(new Geometry(2, 1), 1);
    int table = arena.carve();
    arena.clearPlain(table);
    assertEquals(Spte.EMPTY, arena.casEntry(table, 0, Spte.FROZEN, 7));
    assertEquals(Spte.EMPTY, arena.entryAcquire(table, 0));
    assertEquals(Spte.EMPTY, arena.casEntry(table, 0, Spte.EMPTY, 7));
    assertEquals(7, arena.entryAcquire(table, 0));
    assertEquals(Spte.EMPTY, arena.entryAcquire(table, 1));
  }

  @ParameterizedTest
  @MethodSource("dev.septum.paging.RangeCursorTest#geometries")
  void aDescentEndsAtTheLowestEntryOverTheGfn(Geometry geometry) {
    Random random = new Random(SEED);
    RandomTree tree = new RandomTree(geometry, 60, random);
    EntryPlace place = tree.arena.newPlace();
    long near = 0;
    for (int i = 0; i < 400; i++) {
      // every other walk stays near the last one, so that it begins below the root
      long gfn = i % 2 == 0 ? tree.randomRange().start() : near ^ random.nextInt(2);
      near = gfn;
      List<Visit> path = tree.walk(GfnRange.ofPages(gfn, 1), 1);
      Visit last = path.get(path.size() - 1);
      assertEquals(last.entry(), place.descendAcquire(tree.root, gfn));
      assertEquals(last.table(), place.table());
      assertEquals(last.level(), place.level());
    }
  }

  @Test
  void aPartIsFullOfLeavesIfNothingElseIsInIt() {
    TableArena arena = new TableArena(new Geometry(3, 2), 2);
    int table = arena.carve();
    arena.clearPlain(table);
    arena.fillPlain(table, 0, Spte.makeLeaf(16, 2, true, 0));
    arena.fillPlain(table, 1, Spte.makeLeaf(32, 2, false, 0));
    arena.fillPlain(table, 2, Spte.makeTable(arena.carve()));
    assertTrue(arena.isFullOfLeavesPlain(table, 0, 2));
    assertFalse(arena.isFullOfLeavesPlain(table, 1, 3)); // a table
    assertFalse(arena.isFullOfLeavesPlain(table, 3, 4)); // nothing
    arena.fillPlain(table, 2, Spte.FROZEN);
    assertFalse(arena.isFullOfLeavesPlain(table, 2, 3));
  }

  /** All sub-ranges of a table of four entries, with every choice of which of them are leaves. */
  @Test
  void clearingLeavesCountsAndEmptiesThoseOfTheRangeAlone() {
    TableArena arena = new TableArena(new Geometry(2, 2), 1);
    int table = arena.carve();
    long leaf = Spte.makeLeaf(7, 1, true, Spte.DIRTY);
    for (int leaves = 0; leaves < 16; leaves++) {
      for (int from = 0; from <= 4; from++) {
        for (int to = from; to <= 4; to++) {
          int expected = 0;
          for (int index = 0; index < 4; index++) {
            boolean isLeaf = (leaves >> index & 1) != 0;
            arena.fillPlain(table, index, isLeaf ? leaf : Spte.EMPTY);
            expected += isLeaf && index >= from && index < to ? 1 : 0;
          }
          assertEquals(expected, arena.clearLeavesPlain(table, from, to));
          for (int index = 0; index < 4; index++) {
            boolean stays = (leaves >> index & 1) != 0 && (index < from || index >= to);
            assertEquals(stays ? leaf : Spte.EMPTY, arena.entryPlain(table, index));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "5, 0xffffffffff", "3, 0x8000000001"})
  void aDescriptorKeepsLevelGfnAndState(int level, String gfn) {
    TableArena arena = new TableArena(Geometry.FIVE_LEVEL, 1);
    int table = arena.carve();
    assertEquals(TableState.FREE, arena.state(table));
    for (TableState state : TableState.values()) {
      arena.describe(table, level, Long.decode(gfn), state);
      assertEquals(level, arena.level(table));
      assertEquals(Long.decode(gfn), arena.gfn(table));
      assertEquals(state, arena.state(table));
    }
  }

  @Test
  void aChangeOfStateLeavesTheRest() {
    TableArena arena = new TableArena(Geometry.FOUR_LEVEL, 1);
    int table = arena.carve();
    arena.describe(table, 2, 0x4000_0000L, TableState.LIVE);
    arena.setState(table, TableState.DEAD);
    assertEquals(TableState.DEAD, arena.state(table));
    assertEquals(2, arena.level(table));
    assertEquals(0x4000_0000L, arena.gfn(table));
  }

  private static int[] carveAll(TableArena arena) {
    return IntStream.generate(arena::carve)
        .takeWhile(table -> table != TableArena.NO_TABLE)
        .toArray();
  }
}
