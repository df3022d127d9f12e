package dev.septum;

import dev.septum.sync.SpinWait;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Short races, one after the other: threads meet, each does a few operations on the same small
 * machine, and when all have ended everything is looked at. Here more threads meet than there are
 * CPUs, which jcstress does not do; the scheduler cuts them where it likes.
 *
 * <p>{@code -Dseptum.rounds.millis=N} says how long each test goes on.
 */
public final class Rounds {
  private static final long MILLIS = Long.getLong("septum.rounds.millis", 1500);

  /** How long a broken variant may go unnoticed. */
  private static final long MOST_MILLIS = 60_000;

  private static final int MOST_SPINS = 200;

  /** However slow the machine is. */
  private static final int LEAST_ROUNDS = 10;

  private final TreeMap<String, Integer> outcomes = new TreeMap<>();
  private final AtomicInteger ready = new AtomicInteger();
  private final AtomicInteger done = new AtomicInteger();
  private List<Crew.Task> tasks = List.of();
  private int[] spins = {};
  private volatile int round;
  private volatile boolean over;

  /** A race. */
  public interface Race {
    /** Prepares a machine, and says what the threads do to it; always as many of them. */
    List<Crew.Task> begin(Random random);

    /** Everything that must hold when they have done it; returns what came of it, in words. */
    String end();
  }

  private Rounds() {}

  /** Rounds of a race, for as long as is wanted. */
  public static void run(String name, Race race) {
    Rounds rounds = new Rounds();
    rounds.run(Seeds.random(name), race, Crew.forMillis(MILLIS));
    System.out.printf("%s: %,d rounds, %s%n", name, rounds.round, rounds.outcomes);
  }

  /**
   * Rounds of a race that is broken.
   *
   * @return what was noticed
   * @throws AssertionError if nothing was
   */
  public static String runUntilNoticed(String name, Race race) {
    try {
      new Rounds().run(Seeds.random(name), race, Crew.forMillis(MOST_MILLIS));
    } catch (AssertionError found) {
      return String.valueOf(found.getMessage());
    }
    throw new AssertionError(name + ": nothing was noticed");
  }

  private void run(Random random, Race race, BooleanSupplier goesOn) {
    Crew crew = new Crew();
    try {
      do {
        tasks = race.begin(random);
        spins = random.ints(tasks.size(), 0, MOST_SPINS).toArray();
        ready.set(0);
        done.set(0);
        int before = round;
        round = before + 1; // behind the rest, which the threads read once they have seen it
        for (int id = 0; before == 0 && id < tasks.size(); id++) {
          int own = id;
          crew.start(() -> takePart(own));
        }
        Crew.await("the round's end", () -> done.get() == spins.length || crew.hasFailed());
        if (crew.hasFailed()) {
          break;
        }
        outcomes.merge(race.end(), 1, Integer::sum);
      } while (round < LEAST_ROUNDS || goesOn.getAsBoolean());
    } catch (AssertionError e) {
      throw new AssertionError("round " + round + ": " + e.getMessage(), e);
    } finally {
      over = true;
    }
    crew.join();
  }

  private void takePart(int id) throws Exception {
    try {
      for (int next = 1; ; next++) {
        for (int tries = 0; round < next; tries++) {
          if (over) {
            return;
          }
          SpinWait.pause(tries);
        }
        ready.incrementAndGet();
        for (int tries = 0; ready.get() < spins.length && !over; tries++) {
          SpinWait.pause(tries);
        }
        for (int left = spins[id]; left > 0; left--) {
          Thread.onSpinWait();
        }
        tasks.get(id).run();
        done.incrementAndGet();
      }
    } finally {
      over = true; // or the others would wait for it
    }
  }
}
