package dev.septum.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import dev.septum.paging.TableArena.TableState;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.ReadSection;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/**
 * Threads take tables, publish them in shared places, and free those that stood there before. While
 * a reader is inside a section, a table that it found must stay as it was filled.
 */
class TablePoolSoakTest {
  private static final long SOAK_MILLIS = 1500;
  private static final long SEARCH_MILLIS = 20_000;

  @Test
  void noTableIsUsedAgainUnderAReaderNorHandedOutTwice() {
    GracePeriods periods = new GracePeriods();
    Soak soak = new Soak(periods, periods);
    soak.run(Crew.forMillis(SOAK_MILLIS));
    assertEquals(0, soak.violations.get());
    assertTrue(soak.reuses.get() > 1000, "tables used again: " + soak.reuses.get());
    soak.assertEveryTableIsSomewhereOnce();
  }

  /** A pool that watches other sections than those that the readers open does not wait for them. */
  @Test
  void theSoakFindsAPoolThatDoesNotWait() {
    Soak soak = new Soak(new GracePeriods(), new GracePeriods());
    soak.run(Crew.forMillis(SEARCH_MILLIS));
    assertTrue(soak.violations.get() > 0, "tables used again: " + soak.reuses.get());
  }

  @Test
  void tablesComeBackFromAThreadThatOnlyFrees() {
    int tables = 50_000;
    TableArena arena = new TableArena(new Geometry(2, 1), 256);
    TablePool pool = new TablePool(arena, new GracePeriods());
    ArrayBlockingQueue<Integer> linked = new ArrayBlockingQueue<>(64);
    Crew crew = new Crew();
    crew.start(
        () -> {
          try (TableCache cache = pool.newCache()) {
            for (int i = 0; i < tables; i++) {
              Crew.await("a free table", () -> cache.topUp(1));
              int table = cache.take(1, 0);
              cache.linked();
              linked.put(table);
            }
          }
        });
    crew.start(
        () -> {
          try (TableCache cache = pool.newCache()) {
            for (int i = 0; i < tables; i++) {
              cache.unlinked(linked.take());
              if (i % 5 == 0) {
                cache.endOperation();
              }
            }
          }
        });
    crew.join();
    pool.reclaim();
    assertEquals(0, pool.live());
    assertEquals(0, pool.waiting());
    assertEquals(arena.carved(), new HashSet<>(pool.freeTables()).size());
    assertEquals(arena.carved(), pool.freeTables().size());
  }

  private static final class Soak {
    private static final int LIMIT = 256;
    private static final int PLACES = 4;
    private static final int WRITERS = 2;
    private static final int READERS = 2;
    private static final int LOOKS = 100;
    private static final int NUMBERS = (LIMIT / 63 + 2) << 11;

    private final TableArena arena = new TableArena(new Geometry(2, 1), LIMIT);
    private final TablePool pool;
    private final GracePeriods readers;
    private final AtomicIntegerArray places = new AtomicIntegerArray(PLACES);
    private final AtomicIntegerArray inUse = new AtomicIntegerArray(NUMBERS);
    private final AtomicIntegerArray everUsed = new AtomicIntegerArray(NUMBERS);
    private final AtomicLong fillings = new AtomicLong(1);
    private final AtomicLong violations = new AtomicLong();
    private final AtomicLong reuses = new AtomicLong();

    Soak(GracePeriods watched, GracePeriods opened) {
      this.pool = new TablePool(arena, watched);
      this.readers = opened;
    }

    void run(BooleanSupplier goOn) {
      BooleanSupplier clean = () -> goOn.getAsBoolean() && violations.get() == 0;
      long seed = Seeds.seed("TablePoolSoakTest");
      Crew crew = new Crew();
      for (int writer = 0; writer < WRITERS; writer++) {
        Random random = new Random(seed + writer);
        crew.start(() -> write(random, clean));
      }
      for (int reader = 0; reader < READERS; reader++) {
        Random random = new Random(seed - 1 - reader);
        crew.start(() -> read(random, clean));
      }
      crew.join();
    }

    private void write(Random random, BooleanSupplier goOn) {
      ReadSection section = readers.register();
      try (TableCache cache = pool.newCache()) {
        while (goOn.getAsBoolean()) {
          if (!cache.topUp(3)) {
            continue;
          }
          section.open();
          for (int i = random.nextInt(3); i >= 0; i--) {
            replace(cache, random.nextInt(PLACES), random.nextInt(8) == 0);
          }
          section.close();
          cache.endOperation();
        }
      }
    }

    private void replace(TableCache cache, int place, boolean changesItsMind) {
      int table = cache.take(1, place);
      if (!inUse.compareAndSet(table, 0, 1)) {
        violations.incrementAndGet();
      }
      if (!everUsed.compareAndSet(table, 0, 1)) {
        reuses.incrementAndGet();
      }
      long filling = fillings.getAndIncrement();
      arena.storeEntryRelease(table, 0, filling);
      arena.storeEntryRelease(table, 1, filling);
      if (changesItsMind) {
        inUse.set(table, 0);
        cache.putBack(table);
        return;
      }
      int old = places.getAndSet(place, table);
      cache.linked();
      if (old != TableArena.NO_TABLE) {
        inUse.set(old, 0);
        cache.unlinked(old);
      }
    }

    private void read(Random random, BooleanSupplier goOn) {
      ReadSection section = readers.register();
      while (goOn.getAsBoolean()) {
        section.open();
        int table = places.getAcquire(random.nextInt(PLACES));
        if (table != TableArena.NO_TABLE) {
          long filling = arena.entryAcquire(table, 0);
          for (int look = 0; look < LOOKS; look++) {
            if (arena.entryAcquire(table, look & 1) != filling) {
              violations.incrementAndGet();
              break;
            }
          }
        }
        section.close();
      }
    }

    void assertEveryTableIsSomewhereOnce() {
      pool.reclaim();
      List<Integer> free = pool.freeTables();
      assertEquals(free.size(), new HashSet<>(free).size());
      assertEquals(arena.carved(), free.size() + pool.live() + pool.waiting());
      assertEquals(0, pool.waiting());
      for (int place = 0; place < PLACES; place++) {
        assertEquals(TableState.LIVE, arena.state(places.get(place)));
      }
      assertEquals(PLACES, pool.live());
      assertTrue(pool.peak() >= PLACES && pool.peak() <= PLACES + WRITERS);
      assertTrue(free.stream().allMatch(table -> arena.state(table) == TableState.FREE));
    }
  }
}
