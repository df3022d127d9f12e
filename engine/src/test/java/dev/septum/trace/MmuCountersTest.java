package dev.septum.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.septum.Crew;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sums over stripes. */
class MmuCountersTest {
  private final MmuCounters counters = new MmuCounters();

  @Test
  void everyCounterBeginsAtZero() {
    Map<MmuCounter, Long> sums = counters.snapshot();
    assertEquals(EnumSet.allOf(MmuCounter.class), sums.keySet());
    sums.values().forEach(sum -> assertEquals(0, sum));
  }

  @ParameterizedTest
  @EnumSource
  void anAdditionChangesItsOwnCounterAlone(MmuCounter counter) {
    MmuCounters.Stripe stripe = counters.newStripe();
    stripe.add(counter, 5);
    stripe.increment(counter);
    stripe.add(counter, -2);
    for (MmuCounter other : MmuCounter.values()) {
      long expected = other == counter ? 4 : 0;
      assertEquals(expected, stripe.get(other));
      assertEquals(expected, counters.sum(other));
      assertEquals(expected, counters.snapshot().get(other));
    }
  }

  @Test
  void aSumIsThatOfAllStripesAndMayBeTakenFromOne() {
    MmuCounters.Stripe first = counters.newStripe();
    MmuCounters.Stripe second = counters.newStripe();
    first.add(MmuCounter.MAPPED_2M, 3);
    second.add(MmuCounter.MAPPED_2M, -1);
    assertEquals(2, counters.sum(MmuCounter.MAPPED_2M));
    assertEquals(-1, second.get(MmuCounter.MAPPED_2M));
  }

  @Test
  void aClosedStripesCountsStayAndAreNotCountedTwice() {
    MmuCounters.Stripe closed = counters.newStripe();
    MmuCounters.Stripe open = counters.newStripe();
    closed.add(MmuCounter.ZAPS, 7);
    open.add(MmuCounter.ZAPS, 1);
    counters.close(closed);
    counters.close(closed);
    assertEquals(8, counters.sum(MmuCounter.ZAPS));
    closed.add(MmuCounter.ZAPS, 100);
    assertEquals(8, counters.sum(MmuCounter.ZAPS));
  }

  @Test
  void aStripeOfOtherCountersIsNotClosed() {
    MmuCounters.Stripe foreign = new MmuCounters().newStripe();
    foreign.add(MmuCounter.ZAPS, 7);
    counters.close(foreign);
    assertEquals(0, counters.sum(MmuCounter.ZAPS));
  }

  @Test
  void aSnapshotStaysAsItWas() {
    MmuCounters.Stripe stripe = counters.newStripe();
    Map<MmuCounter, Long> before = counters.snapshot();
    stripe.increment(MmuCounter.SPLITS);
    assertEquals(0, before.get(MmuCounter.SPLITS));
  }

  @Test
  void mappedLeavesAreCountedByLevel() {
    assertEquals(MmuCounter.MAPPED_4K, MmuCounter.mapped(1));
    assertEquals(MmuCounter.MAPPED_2M, MmuCounter.mapped(2));
    assertEquals(MmuCounter.MAPPED_1G, MmuCounter.mapped(3));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, -1})
  void noLeafIsMappedAtOtherLevels(int level) {
    assertThrows(IndexOutOfBoundsException.class, () -> MmuCounter.mapped(level));
  }

  @Test
  void noAdditionIsLostBetweenThreads() {
    int additions = 200_000;
    List<Long> seen = new ArrayList<>();
    Crew crew = new Crew();
    for (int thread = 0; thread < 3; thread++) {
      boolean closes = thread == 0;
      crew.start(
          () -> {
            MmuCounters.Stripe stripe = counters.newStripe();
            for (int i = 0; i < additions; i++) {
              stripe.increment(MmuCounter.FAULTS_FIXED);
              stripe.add(MmuCounter.FAULTS_RETRY, 3);
            }
            if (closes) {
              counters.close(stripe);
            }
          });
    }
    crew.start(
        () -> {
          for (int i = 0; i < 1000; i++) {
            seen.add(counters.sum(MmuCounter.FAULTS_FIXED));
          }
        });
    crew.join();
    assertEquals(3L * additions, counters.sum(MmuCounter.FAULTS_FIXED));
    assertEquals(9L * additions, counters.sum(MmuCounter.FAULTS_RETRY));
    assertEquals(seen.stream().sorted().toList(), seen, "a sum went down");
  }
}
