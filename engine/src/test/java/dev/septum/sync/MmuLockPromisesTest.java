package dev.septum.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.Seeds;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What {@link MmuLock} promises: exclusion, hand-over on a yield, and that nobody is overtaken for
 * ever. Each check is also run on a lock that breaks the promise.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource
class MmuLockPromisesTest {
  private static final int ROUNDS = 200;
  private static final long SOAK_MILLIS = 1000;
  private static final long SEARCH_MILLIS = 20_000;

  /** Who yields to whom. */
  private enum HandOver {
    WRITER_TO_READER(false, true),
    WRITER_TO_WRITER(false, false),
    READER_TO_WRITER(true, false);

    final boolean fromShared;
    final boolean toShared;

    HandOver(boolean fromShared, boolean toShared) {
      this.fromShared = fromShared;
      this.toShared = toShared;
    }
  }

  private final LockKind kind;

  MmuLockPromisesTest(LockKind kind) {
    this.kind = kind;
  }

  @Test
  void anExclusiveHolderIsAloneAndSharedHoldersAreWithoutOne() {
    assertEquals(0, intruders(kind.newLock(), Crew.forMillis(SOAK_MILLIS)));
  }

  @Test
  void theExclusionCheckFindsALockThatExcludesNobody() {
    assertTrue(intruders(new NoLock(), Crew.forMillis(SEARCH_MILLIS)) > 0);
  }

  @ParameterizedTest
  @EnumSource
  void aYieldLetsAWaiterInBeforeItReturns(HandOver handOver) {
    for (int round = 0; round < ROUNDS; round++) {
      assertTrue(yieldLetsTheWaiterIn(kind.newLock(), handOver), "round " + round);
    }
  }

  /**
   * The one who yields takes nanoseconds to come back, the waiter microseconds to wake: nearly
   * every round shows it, and one is enough.
   */
  @ParameterizedTest
  @EnumSource
  void theHandOverCheckFindsALockThatIsTakenStraightBack(HandOver handOver) {
    BooleanSupplier goOn = Crew.forMillis(SEARCH_MILLIS);
    boolean kept = true;
    while (kept && goOn.getAsBoolean()) {
      kept = yieldLetsTheWaiterIn(new BargingLock(), handOver);
    }
    assertFalse(kept);
  }

  @Test
  void aReaderDoesNotOvertakeAWriterInTheQueue() {
    MmuLock lock = kind.newLock();
    assertFalse(readerOvertakesWriter(lock, kind.writerParks, () -> kind.waiters(lock) == 2));
  }

  @Test
  void theOvertakingCheckFindsALockWhoseReadersBarge() {
    assertTrue(readerOvertakesWriter(new BargingLock(), true, () -> false));
  }

  /** With barging readers, the lock's word is hardly ever free, and a writer waits for seconds. */
  @Test
  void aWriterGetsInAmongEightReadersThatNeverRest() {
    MmuLock lock = kind.newLock();
    AtomicBoolean done = new AtomicBoolean();
    AtomicLong sharedHolds = new AtomicLong();
    Crew crew = new Crew();
    for (int reader = 0; reader < 8; reader++) {
      crew.start(
          () -> {
            ReadSection section = lock.periods().register();
            while (!done.get()) {
              long stamp = lock.lockShared(section);
              linger();
              lock.unlockShared(section, stamp);
              sharedHolds.incrementAndGet();
            }
          });
    }
    crew.start(
        () -> {
          for (int round = 0; round < ROUNDS / 4; round++) {
            long before = sharedHolds.get();
            lock.unlockExclusive(lock.lockExclusive());
            Crew.await("readers to go on", () -> sharedHolds.get() > before);
          }
          done.set(true);
        });
    crew.join();
  }

  /** How often somebody was inside the lock who should not have been. */
  private static long intruders(MmuLock lock, BooleanSupplier goOn) {
    int alone = 1 << 16;
    AtomicInteger inside = new AtomicInteger();
    AtomicLong intruders = new AtomicLong();
    AtomicLong exclusiveHolds = new AtomicLong();
    long[] counted = {0}; // written only by exclusive holders
    Crew crew = new Crew();
    long seed = Seeds.seed("intruders");
    for (int thread = 0; thread < 4; thread++) {
      Random random = new Random(seed + thread);
      crew.start(
          () -> {
            ReadSection section = lock.periods().register();
            while (goOn.getAsBoolean() && intruders.get() == 0) {
              boolean exclusive = random.nextInt(4) == 0;
              boolean yields = random.nextInt(4) == 0;
              long stamp = exclusive ? lock.lockExclusive() : lock.lockShared(section);
              for (int holds = yields ? 2 : 1; holds > 0; holds--) {
                int weight = exclusive ? alone : 1;
                int others = inside.getAndAdd(weight);
                if (exclusive ? others != 0 || !lock.isHeldExclusive() : others >= alone) {
                  intruders.incrementAndGet();
                }
                if (exclusive) {
                  counted[0]++;
                  exclusiveHolds.incrementAndGet();
                }
                linger();
                inside.addAndGet(-weight);
                if (holds == 2) {
                  stamp = exclusive ? lock.yieldExclusive(stamp) : lock.yieldShared(section, stamp);
                }
              }
              if (exclusive) {
                lock.unlockExclusive(stamp);
              } else {
                lock.unlockShared(section, stamp);
              }
            }
          });
    }
    crew.join();
    return intruders.get() + (exclusiveHolds.get() - counted[0]);
  }

  /** Whether a waiter that was counted before a yield was in before the yield returned. */
  private static boolean yieldLetsTheWaiterIn(MmuLock lock, HandOver handOver) {
    AtomicBoolean wasIn = new AtomicBoolean();
    Crew crew = new Crew();
    ReadSection section = lock.periods().register();
    ReadSection other = lock.periods().register();
    long stamp = handOver.fromShared ? lock.lockShared(section) : lock.lockExclusive();
    crew.start(
        () -> {
          long own = handOver.toShared ? lock.lockShared(other) : lock.lockExclusive();
          wasIn.set(true);
          if (handOver.toShared) {
            lock.unlockShared(other, own);
          } else {
            lock.unlockExclusive(own);
          }
        });
    Crew.await("the waiter", lock::isContended);
    if (handOver.fromShared) {
      Crew.await("the writer", lock::isContendedByExclusive);
    }
    stamp = handOver.fromShared ? lock.yieldShared(section, stamp) : lock.yieldExclusive(stamp);
    boolean kept = wasIn.get();
    if (handOver.fromShared) {
      lock.unlockShared(section, stamp);
    } else {
      lock.unlockExclusive(stamp);
    }
    crew.join();
    return kept;
  }

  /**
   * Whether a reader gets in while a writer waits for another reader.
   *
   * @param writerParks whether the writer is parked meanwhile
   * @param readerWaits whether the reader is known to wait
   */
  private static boolean readerOvertakesWriter(
      MmuLock lock, boolean writerParks, BooleanSupplier readerWaits) {
    AtomicReference<String> firstIn = new AtomicReference<>();
    AtomicReference<Thread> writer = new AtomicReference<>();
    Crew crew = new Crew();
    ReadSection section = lock.periods().register();
    ReadSection other = lock.periods().register();
    long stamp = lock.lockShared(section);
    crew.start(
        () -> {
          writer.set(Thread.currentThread());
          long own = lock.lockExclusive();
          firstIn.compareAndSet(null, "writer");
          lock.unlockExclusive(own);
        });
    Crew.await(
        "the writer in the queue",
        () ->
            lock.isContendedByExclusive()
                && (!writerParks || writer.get().getState() == Thread.State.WAITING));
    crew.start(
        () -> {
          long own = lock.lockShared(other);
          firstIn.compareAndSet(null, "reader");
          lock.unlockShared(other, own);
        });
    Crew.await("the reader", () -> readerWaits.getAsBoolean() || firstIn.get() != null);
    lock.unlockShared(section, stamp);
    crew.join();
    return firstIn.get().equals("reader");
  }

  private static void linger() {
    for (int i = 0; i < 50; i++) {
      Thread.onSpinWait();
    }
  }
}
