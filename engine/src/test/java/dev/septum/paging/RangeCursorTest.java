package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Seeds;
import dev.septum.paging.RandomTree.Visit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cursor against a recursive walk, and what it does when the tree changes under it. */
class RangeCursorTest {
  private static final int TREES = 8;
  private static final int RANGES = 12;
  private static final int MAX_TABLES = 60;
  private static final int MAX_STEPS = 1_000_000;
  private static final long SEED = Seeds.seed("RangeCursorTest");

  private final Random random = new Random(SEED);
  private int steps;

  static Stream<Geometry> geometries() {
    return Stream.concat(
        Geometries.small().stream(), Stream.of(Geometry.FOUR_LEVEL, Geometry.FIVE_LEVEL));
  }

  // The order.

  @ParameterizedTest
  @MethodSource("geometries")
  void itVisitsWhatARecursiveWalkVisitsInThatOrder(Geometry geometry) {
    forRandomWalks(
        geometry,
        (tree, range, minLevel) ->
            assertEquals(tree.walk(range, minLevel), rest(begin(tree, range, minLevel))));
  }

  @ParameterizedTest
  @MethodSource("geometries")
  void steppingAsideSkipsWhatIsBelow(Geometry geometry) {
    forRandomWalks(
        geometry,
        (tree, range, minLevel) -> {
          int salt = random.nextInt(3);
          List<Visit> visits = new ArrayList<>();
          RangeCursor cursor = begin(tree, range, minLevel);
          for (boolean more = next(cursor); more; ) {
            visits.add(RandomTree.visit(cursor));
            more = isEntered(RandomTree.visit(cursor), salt) ? next(cursor) : cursor.nextAside();
          }
          assertEquals(tree.walk(range, minLevel, visit -> isEntered(visit, salt)), visits);
        });
  }

  private static boolean isEntered(Visit visit, int salt) {
    return (visit.index() + visit.level()) % 3 != salt;
  }

  @Test
  void aRangeThatBeginsInsideALeafBeginsWithThatLeaf() {
    Geometry geometry = new Geometry(3, 2);
    RandomTree tree = RandomTree.empty(geometry);
    long leaf = Spte.makeLeaf(0, 3, true, 0);
    tree.arena.fillPlain(tree.root, 1, leaf);
    RangeCursor cursor = begin(tree, new GfnRange(21, 33), 1);
    assertEquals(
        List.of(new Visit(16, 3, tree.root, 1, leaf), new Visit(32, 3, tree.root, 2, Spte.EMPTY)),
        rest(cursor));
  }

  @Test
  void theLastEntryOfA5LevelTreeEndsAtTheLastGfn() {
    RandomTree tree = RandomTree.empty(Geometry.FIVE_LEVEL);
    long limit = Geometry.FIVE_LEVEL.gfnLimit();
    List<Visit> visits = rest(begin(tree, new GfnRange(limit - 1, limit), 1));
    assertEquals(List.of(new Visit(15L << 36, 5, tree.root, 15, Spte.EMPTY)), visits);
  }

  // Changes under the walk.

  @ParameterizedTest
  @MethodSource("geometries")
  void theChildrenOfASplitAreVisitedByTheSameWalk(Geometry geometry) {
    for (int round = 0; round < TREES; round++) {
      RandomTree tree = new RandomTree(geometry, MAX_TABLES, random);
      GfnRange range = geometry.entries() > 16 ? GfnRange.ofPages(0, 600) : tree.randomRange();
      List<Visit> visits = new ArrayList<>();
      RangeCursor cursor = begin(tree, range, 1);
      while (next(cursor)) {
        if (Spte.isLeaf(cursor.entry(), cursor.level()) && cursor.level() > 1) {
          split(tree, cursor);
        }
        visits.add(RandomTree.visit(cursor));
      }
      assertEquals(tree.walk(range, 1), visits);
    }
  }

  private static void split(RandomTree tree, RangeCursor cursor) {
    TableArena arena = tree.arena;
    int child = arena.carve();
    if (child == TableArena.NO_TABLE) {
      return;
    }
    for (int i = 0; i < tree.geometry.entries(); i++) {
      long small = Spte.makeSmall(cursor.entry(), cursor.level(), i, tree.geometry);
      arena.fillPlain(child, i, small);
    }
    arena.storeEntryRelease(cursor.table(), cursor.index(), Spte.makeTable(child));
    cursor.update(Spte.makeTable(child));
  }

  @ParameterizedTest
  @ValueSource(longs = {Spte.EMPTY, Spte.FROZEN, 1L << 63 | 0x8f5})
  void aTableThatWasUnlinkedUnderTheCursorIsNotEntered(long successor) {
    RandomTree tree = RandomTree.empty(new Geometry(2, 1));
    int child = tree.arena.carve();
    tree.arena.clearPlain(child);
    tree.arena.fillPlain(tree.root, 0, Spte.makeTable(child));
    RangeCursor cursor = begin(tree, new GfnRange(0, 4), 1);
    assertTrue(next(cursor));
    assertEquals(Spte.makeTable(child), cursor.entry());
    tree.arena.exchangeEntry(tree.root, 0, successor);
    assertEquals(List.of(new Visit(2, 2, tree.root, 1, Spte.EMPTY)), rest(cursor));
  }

  @Test
  void aTableThatWasLinkedUnderTheCursorIsEntered() {
    RandomTree tree = RandomTree.empty(new Geometry(2, 1));
    RangeCursor cursor = begin(tree, new GfnRange(1, 2), 1);
    assertTrue(next(cursor));
    int child = tree.arena.carve();
    tree.arena.clearPlain(child);
    tree.arena.storeEntryRelease(tree.root, 0, Spte.makeTable(child));
    assertEquals(List.of(new Visit(1, 1, child, 1, Spte.EMPTY)), rest(cursor));
  }

  @Test
  void anUpdateChangesTheEntryThatIsShownAndNothingElse() {
    RandomTree tree = RandomTree.empty(new Geometry(2, 1));
    RangeCursor cursor = begin(tree, new GfnRange(0, 2), 1);
    assertTrue(next(cursor));
    cursor.update(Spte.makeTable(1));
    assertEquals(new Visit(0, 2, tree.root, 0, Spte.makeTable(1)), RandomTree.visit(cursor));
    assertFalse(next(cursor));
    assertEquals(Spte.EMPTY, tree.arena.entryPlain(tree.root, 0));
  }

  // Yields.

  @ParameterizedTest
  @MethodSource("geometries")
  void aResumedWalkIsAWalkFromThePresentEntryOn(Geometry geometry) {
    forRandomWalks(
        geometry,
        (tree, range, minLevel) -> {
          RangeCursor cursor = begin(tree, range, minLevel);
          for (int steps = random.nextInt(20); steps >= 0; steps--) {
            if (!next(cursor)) {
              return;
            }
          }
          long goal = Math.max(range.start(), cursor.gfn());
          cursor.resume();
          assertEquals(tree.walk(new GfnRange(goal, range.end()), minLevel), rest(cursor));
        });
  }

  @ParameterizedTest
  @MethodSource("geometries")
  void aWalkHasProgressedOnceItStandsBehindItsFirstGfn(Geometry geometry) {
    forRandomWalks(
        geometry,
        (tree, range, minLevel) -> {
          RangeCursor cursor = begin(tree, range, minLevel);
          long first = range.start();
          assertFalse(cursor.hasProgressed());
          while (next(cursor)) {
            assertEquals(cursor.gfn() > first, cursor.hasProgressed());
            if (cursor.hasProgressed() && random.nextInt(4) == 0) {
              first = cursor.gfn();
              cursor.resume();
              assertFalse(cursor.hasProgressed());
            }
          }
        });
  }

  /** A walk that yields at every chance: what it handles between two yields is all there is. */
  @ParameterizedTest
  @MethodSource("geometries")
  void aWalkThatYieldsWheneverItMayStillEndsAndMissesNothing(Geometry geometry) {
    forRandomWalks(
        geometry,
        (tree, range, minLevel) -> {
          List<Visit> handled = new ArrayList<>();
          RangeCursor cursor = begin(tree, range, minLevel);
          while (next(cursor)) {
            if (cursor.hasProgressed()) {
              cursor.resume();
            } else if (!Spte.isTable(cursor.entry(), cursor.level())) {
              handled.add(RandomTree.visit(cursor));
            }
          }
          List<Visit> all = tree.walk(range, minLevel);
          all.removeIf(visit -> Spte.isTable(visit.entry(), visit.level()));
          assertEquals(all, handled);
        });
  }

  @Test
  void whatHasChangedDuringAYieldIsSeenAfterIt() {
    RandomTree tree = RandomTree.empty(new Geometry(2, 1));
    RangeCursor cursor = begin(tree, new GfnRange(0, 4), 1);
    assertTrue(next(cursor));
    assertTrue(next(cursor));
    cursor.resume();
    long leaf = Spte.makeLeaf(2, 2, false, 0);
    tree.arena.storeEntryRelease(tree.root, 1, leaf);
    assertEquals(List.of(new Visit(2, 2, tree.root, 1, leaf)), rest(cursor));
  }

  @Test
  void aCursorCanBeginAgain() {
    RandomTree tree = new RandomTree(new Geometry(3, 2), MAX_TABLES, random);
    RangeCursor cursor = begin(tree, new GfnRange(3, 60), 1);
    assertTrue(next(cursor));
    assertTrue(cursor.nextAside());
    cursor.begin(tree.root, 0, new GfnRange(7, 9), 2);
    assertFalse(cursor.hasProgressed());
    assertEquals(tree.walk(new GfnRange(7, 9), 2), rest(cursor));
  }

  /** What is to hold of one walk. */
  @FunctionalInterface
  private interface Check {
    void of(RandomTree tree, GfnRange range, int minLevel);
  }

  private void forRandomWalks(Geometry geometry, Check check) {
    for (int i = 0; i < TREES; i++) {
      RandomTree tree = new RandomTree(geometry, MAX_TABLES, random);
      for (int j = 0; j < RANGES; j++) {
        check.of(tree, tree.randomRange(), 1 + random.nextInt(geometry.levels()));
      }
    }
  }

  private RangeCursor begin(RandomTree tree, GfnRange range, int minLevel) {
    steps = 0;
    RangeCursor cursor = new RangeCursor(tree.arena);
    cursor.begin(tree.root, 0, range, minLevel);
    return cursor;
  }

  /** A step of a walk that is to end. */
  private boolean next(RangeCursor cursor) {
    assertTrue(++steps < MAX_STEPS, "the walk does not end");
    return cursor.next();
  }

  private List<Visit> rest(RangeCursor cursor) {
    List<Visit> visits = new ArrayList<>();
    while (next(cursor)) {
      visits.add(RandomTree.visit(cursor));
    }
    return visits;
  }
}
