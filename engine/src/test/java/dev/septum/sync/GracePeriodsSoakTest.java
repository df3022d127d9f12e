package dev.septum.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A writer replaces a shared cell over and over, and poisons the old one when its grace period has
 * elapsed. A reader that found a cell inside a section must find it unchanged until the section
 * ends.
 */
class GracePeriodsSoakTest {
  private static final long SOAK_MILLIS = 1000;
  private static final long SEARCH_MILLIS = 20_000;

  /** Ways to get it wrong. */
  private enum Mistake {
    WRITER_DOES_NOT_WAIT,
    READERS_OPEN_NO_SECTION,
    READERS_QUIESCE_WHILE_THEY_HOLD_A_CELL
  }

  @Test
  void noReaderSeesACellThatIsUsedAgain() {
    Soak soak = new Soak(null);
    BooleanSupplier least = Crew.forMillis(SOAK_MILLIS);
    BooleanSupplier most = Crew.forMillis(SEARCH_MILLIS);
    soak.run(() -> most.getAsBoolean() && (least.getAsBoolean() || !soak.hasDoneMuch()));
    assertEquals(0, soak.sightings.get());
    assertTrue(
        soak.hasDoneMuch(), "cells used again: " + soak.reused + ", read: " + soak.readings.get());
  }

  @ParameterizedTest
  @EnumSource
  void theSoakFindsEachMistake(Mistake mistake) {
    Soak soak = new Soak(mistake);
    soak.run(Crew.forMillis(SEARCH_MILLIS));
    assertTrue(soak.sightings.get() > 0, "cells read: " + soak.readings.get());
  }

  private static final class Soak {
    private static final int CELLS = 8;

    /** So many that a reader still looks when a hasty writer has used its cell again. */
    private static final int LOOKS = 3000;

    private static final long POISON = -1;
    private static final int MUCH = 100;

    private final Mistake mistake;
    private final GracePeriods periods = new GracePeriods();
    private final AtomicLongArray cells = new AtomicLongArray(CELLS);
    private final AtomicInteger current = new AtomicInteger();
    private final AtomicLong sightings = new AtomicLong();
    private final AtomicLong readings = new AtomicLong();
    private final AtomicLong reused = new AtomicLong();

    Soak(Mistake mistake) {
      this.mistake = mistake;
    }

    boolean hasDoneMuch() {
      return reused.get() > MUCH && readings.get() > MUCH;
    }

    void run(BooleanSupplier goOn) {
      BooleanSupplier clean = () -> goOn.getAsBoolean() && sightings.get() == 0;
      Crew crew = new Crew();
      crew.start(() -> write(clean));
      crew.start(() -> readInSections(clean));
      crew.start(() -> readBetweenQuiescentPoints(clean));
      crew.join();
    }

    private void write(BooleanSupplier goOn) {
      record Retired(int cell, long stamp) {}
      ArrayDeque<Retired> retired = new ArrayDeque<>();
      ArrayDeque<Integer> free = new ArrayDeque<>();
      for (int cell = 1; cell < CELLS; cell++) {
        cells.setPlain(cell, POISON);
        free.add(cell);
      }
      for (long generation = 1; goOn.getAsBoolean(); ) {
        if (!free.isEmpty()) {
          int next = free.remove();
          cells.setOpaque(next, generation++);
          int old = current.getAndSet(next);
          retired.add(new Retired(old, periods.retire()));
        }
        while (!retired.isEmpty() && mayUseAgain(retired.element().stamp)) {
          int cell = retired.remove().cell;
          cells.setOpaque(cell, POISON);
          free.add(cell);
          reused.incrementAndGet();
        }
      }
    }

    private boolean mayUseAgain(long stamp) {
      return mistake == Mistake.WRITER_DOES_NOT_WAIT || periods.hasElapsed(stamp);
    }

    private void readInSections(BooleanSupplier goOn) {
      ReadSection section = periods.register();
      while (goOn.getAsBoolean()) {
        if (mistake != Mistake.READERS_OPEN_NO_SECTION) {
          section.open();
        }
        read(section);
        section.close();
      }
    }

    private void readBetweenQuiescentPoints(BooleanSupplier goOn) {
      ReadSection section = periods.register();
      if (mistake != Mistake.READERS_OPEN_NO_SECTION) {
        section.open();
      }
      while (goOn.getAsBoolean()) {
        read(section);
        if (section.isOpen()) {
          section.quiesce();
        }
      }
      section.close();
    }

    private void read(ReadSection section) {
      int cell = current.getAcquire();
      long first = cells.getOpaque(cell);
      for (int look = 0; look < LOOKS; look++) {
        if (mistake == Mistake.READERS_QUIESCE_WHILE_THEY_HOLD_A_CELL) {
          section.quiesce();
        }
        if (first == POISON || cells.getOpaque(cell) != first) {
          sightings.incrementAndGet();
          return;
        }
      }
      readings.incrementAndGet();
    }
  }
}
