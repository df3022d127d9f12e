package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.paging.TableArena.TableState;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.ReadSection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A table's way round: free, live, dead, waiting, free. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TablePoolTest {
  private static final Geometry GEOMETRY = new Geometry(3, 1);
  private static final int BATCH = TableBatch.CAPACITY;

  private final GracePeriods periods = new GracePeriods();

  // Taking and putting back.

  @Test
  void aTableThatIsTakenIsLiveAndDescribed() {
    TablePool pool = pool(BATCH);
    TableCache cache = pool.newCache();
    assertTrue(cache.topUp(1));
    int table = cache.take(2, 0x4);
    assertEquals(TableState.LIVE, pool.arena().state(table));
    assertEquals(2, pool.arena().level(table));
    assertEquals(0x4, pool.arena().gfn(table));
  }

  @Test
  void toppingUpBringsAtLeastWhatIsWanted() {
    TableCache cache = pool(1000).newCache();
    for (int wanted = 0; wanted <= 300; wanted += 7) {
      assertTrue(cache.topUp(wanted));
      assertTrue(cache.available() >= wanted);
      assertTrue(cache.available() < wanted + BATCH);
    }
  }

  @Test
  void toppingUpAsksThePoolOnlyForWhatIsMissing() {
    TablePool pool = pool(1000);
    TableCache cache = pool.newCache();
    assertTrue(cache.topUp(3));
    cache.take(1, 0);
    assertTrue(cache.topUp(3));
    assertEquals(BATCH, pool.arena().carved());
  }

  @Test
  void aTableThatIsPutBackIsFreeAtOnceAndWasNeverLive() {
    TablePool pool = pool(BATCH);
    TableCache cache = pool.newCache();
    cache.require(BATCH);
    int table = cache.take(1, 0);
    cache.putBack(table);
    assertEquals(TableState.FREE, pool.arena().state(table));
    assertEquals(BATCH, cache.available());
    assertCounts(pool, 0, 0, 0);
    assertEquals(BATCH, takeAll(cache).size());
  }

  // Counts.

  @Test
  void livePeakAndWaitingFollowEachStep() {
    TablePool pool = pool(BATCH);
    TableCache cache = pool.newCache();
    ReadSection reader = open();
    cache.require(3);
    int first = link(cache);
    int second = link(cache);
    assertCounts(pool, 2, 2, 0);
    cache.take(1, 0);
    assertCounts(pool, 2, 2, 0);
    cache.unlinked(first);
    assertCounts(pool, 1, 2, 1);
    assertEquals(TableState.DEAD, pool.arena().state(first));
    cache.unlinked(second);
    assertCounts(pool, 0, 2, 2);
    cache.handOverDead();
    pool.reclaim();
    assertCounts(pool, 0, 2, 2);
    reader.close();
    pool.reclaim();
    assertCounts(pool, 0, 2, 0);
    assertEquals(TableState.FREE, pool.arena().state(first));
  }

  @Test
  void deadTablesBeyondTheCachesShareAreHandedOverWhenTheOperationEnds() {
    TablePool pool = pool(BATCH);
    TableCache cache = pool.newCache();
    int share = pool.mostKept();
    cache.require(share + 1);
    List<Integer> linked = List.copyOf(linkAll(cache)).subList(0, share + 1);
    linked.subList(0, share).forEach(cache::unlinked);
    cache.endOperation();
    pool.reclaim();
    assertEquals(share, pool.waiting());
    cache.unlinked(linked.get(share));
    pool.reclaim();
    assertEquals(share + 1, pool.waiting());
    cache.endOperation();
    pool.reclaim();
    assertEquals(0, pool.waiting());
  }

  @Test
  void aCacheThatHandsOverKeepsNoDeadTable() {
    TablePool pool = pool(BATCH);
    TableCache cache = pool.newCache();
    cache.require(1);
    cache.unlinked(link(cache));
    cache.handOverDead();
    pool.reclaim();
    assertEquals(0, pool.waiting());
  }

  @Test
  void aFullBatchOfDeadTablesIsHandedOverAtOnce() {
    TablePool pool = pool(BATCH);
    TableCache cache = pool.newCache();
    cache.require(BATCH);
    linkAll(cache).forEach(cache::unlinked);
    assertEquals(BATCH, pool.waiting());
    pool.reclaim();
    assertEquals(0, pool.waiting());
  }

  // Grace periods and the limit.

  @Test
  void aDeadTableIsNotHandedOutWhileAReaderFromBeforeIsInside() {
    TablePool pool = pool(10 * BATCH);
    TableCache cache = pool.newCache();
    cache.require(BATCH);
    Set<Integer> dead = linkAll(cache);
    ReadSection reader = open();
    dead.forEach(cache::unlinked);
    cache.endOperation();
    Set<Integer> others = new HashSet<>();
    while (cache.topUp(1)) {
      others.addAll(takeAll(cache));
    }
    assertEquals(9 * BATCH, others.size());
    assertTrue(others.stream().noneMatch(dead::contains));
    reader.close();
    assertTrue(cache.topUp(BATCH));
    assertEquals(dead, takeAll(cache));
  }

  @Test
  void aReaderThatCameLaterDoesNotHoldATableBack() {
    TablePool pool = pool(BATCH);
    TableCache cache = pool.newCache();
    cache.require(BATCH);
    Set<Integer> dead = linkAll(cache);
    dead.forEach(cache::unlinked);
    cache.endOperation();
    open();
    assertTrue(cache.topUp(BATCH));
  }

  @Test
  void atTheLimitTheMessageSaysWhereTheTablesAre() {
    TablePool pool = pool(40);
    TableCache cache = pool.newCache();
    open();
    cache.require(40);
    Set<Integer> linked = linkAll(cache);
    linked.stream().limit(3).forEach(cache::unlinked);
    cache.endOperation();
    String expected =
        "the table arena is full: limit 40 tables, live 37, waiting for a grace period 3;"
            + " raise the limit, or zap and trim something";
    assertFalse(cache.topUp(1));
    assertEquals(
        expected, assertThrows(TableArenaFullException.class, () -> cache.require(1)).getMessage());
    assertEquals(
        expected, assertThrows(TableArenaFullException.class, () -> cache.take(1, 0)).getMessage());
  }

  @Test
  void whatIsNotEnoughIsLeftToOthers() {
    TablePool pool = pool(40);
    assertFalse(pool.newCache().topUp(41));
    assertTrue(pool.newCache().topUp(40));
  }

  // The backlog.

  @Test
  void drainingWaitsForReadersUntilTheBacklogIsBelowItsBound() {
    TablePool pool = pool(TablePool.BACKLOG_BOUND);
    TableCache cache = pool.newCache();
    cache.require(TablePool.BACKLOG_BOUND);
    Set<Integer> linked = linkAll(cache);
    ReadSection reader = open();
    linked.stream().skip(1).forEach(cache::unlinked);
    assertFalse(cache.isBacklogFull());
    cache.drainBacklog();
    assertEquals(TablePool.BACKLOG_BOUND - 1, pool.waiting());
    cache.unlinked(linked.iterator().next());
    cache.handOverDead();
    assertTrue(cache.isBacklogFull());

    AtomicBoolean begun = new AtomicBoolean();
    AtomicBoolean readerLeaves = new AtomicBoolean();
    AtomicBoolean readerHadLeft = new AtomicBoolean();
    Crew crew = new Crew();
    crew.start(
        () -> {
          begun.set(true);
          cache.drainBacklog();
          readerHadLeft.set(readerLeaves.get());
        });
    Crew.await("the drain", begun::get);
    readerLeaves.set(true);
    reader.close();
    crew.join();
    assertTrue(readerHadLeft.get());
    assertFalse(pool.isBacklogFull());
    assertEquals(0, pool.waiting());
  }

  // Giving back.

  @Test
  void aClosedCacheGivesItsTablesBack() {
    TablePool pool = pool(BATCH);
    TableCache cache = pool.newCache();
    cache.require(BATCH);
    int live = link(cache);
    cache.unlinked(link(cache));
    cache.close();
    TableCache other = pool.newCache();
    assertTrue(other.topUp(BATCH - 1));
    assertFalse(takeAll(other).contains(live));
    assertCounts(pool, 1, 2, 0);
  }

  @Test
  void whatIsLeftOverOfManyTablesGoesBackWhenTheOperationEnds() {
    TablePool pool = pool(32 * BATCH);
    TableCache cache = pool.newCache();
    cache.require(4 * BATCH);
    cache.endOperation();
    assertEquals(BATCH, cache.available());
    assertTrue(pool.newCache().topUp(31 * BATCH));
  }

  /** Idle caches must not make the arena full for others. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 20, 50})
  void allCachesTogetherKeepASixteenthAtMost(int caches) {
    int limit = 10 * BATCH;
    TablePool pool = pool(limit);
    List<TableCache> idle = Stream.generate(pool::newCache).limit(caches).toList();
    for (TableCache cache : idle) {
      cache.require(3);
      cache.endOperation();
    }
    assertTrue(idle.stream().mapToInt(TableCache::available).sum() <= limit / 16);
    assertTrue(pool.newCache().topUp(limit - limit / 16));
  }

  @Test
  void freeTablesAreThoseInThePoolAndInCaches() {
    TablePool pool = pool(2 * BATCH);
    TableCache first = pool.newCache();
    TableCache second = pool.newCache();
    first.require(1);
    second.require(1);
    int live = link(first);
    first.close();
    Set<Integer> free = new HashSet<>(pool.freeTables());
    assertEquals(pool.arena().carved() - 1, pool.freeTables().size());
    assertEquals(pool.arena().carved() - 1, free.size());
    assertFalse(free.contains(live));
  }

  private TablePool pool(int limit) {
    return new TablePool(new TableArena(GEOMETRY, limit), periods);
  }

  private ReadSection open() {
    ReadSection section = periods.register();
    section.open();
    return section;
  }

  private static int link(TableCache cache) {
    int table = cache.take(1, 0);
    cache.linked();
    return table;
  }

  private static Set<Integer> linkAll(TableCache cache) {
    Set<Integer> tables = new HashSet<>();
    while (cache.available() > 0) {
      assertTrue(tables.add(link(cache)));
    }
    return tables;
  }

  private static Set<Integer> takeAll(TableCache cache) {
    Set<Integer> tables = new HashSet<>();
    while (cache.available() > 0) {
      assertTrue(tables.add(cache.take(1, 0)));
    }
    return tables;
  }

  private static void assertCounts(TablePool pool, int live, int peak, int waiting) {
    assertEquals(live, pool.live());
    assertEquals(peak, pool.peak());
    assertEquals(waiting, pool.waiting());
  }
}
