package dev.septum.simulator.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mmu.TlbFlusher;
import org.junit.jupiter.api.Test;

/** Flushes that are lost on purpose. */
class FlushLossTest {
  private static final int FLUSHES = 10_000;

  private final Counted vcpus = new Counted();

  @Test
  void allAreLostOrNone() {
    FlushLoss all = new FlushLoss(vcpus, 1, 42);
    flush(all);
    assertEquals(0, vcpus.flushes);
    assertEquals(FLUSHES, all.lost());
    FlushLoss none = new FlushLoss(vcpus, 0, 42);
    flush(none);
    assertEquals(FLUSHES, vcpus.flushes);
    assertEquals(0, none.lost());
  }

  @Test
  void someAreLostAndTheSeedSaysWhich() {
    FlushLoss some = new FlushLoss(vcpus, 0.25, 42);
    flush(some);
    assertEquals(FLUSHES, vcpus.flushes + some.lost());
    assertTrue(Math.abs(some.lost() - FLUSHES / 4) < FLUSHES / 40, "lost " + some.lost());
    FlushLoss again = new FlushLoss(vcpus, 0.25, 42);
    flush(again);
    assertEquals(some.lost(), again.lost());
  }

  @Test
  void theJudgeIsAlwaysTold() {
    new FlushLoss(vcpus, 1, 42).released(1, 2);
    assertEquals(1, vcpus.releases);
  }

  private static void flush(FlushLoss loss) {
    for (int i = 0; i < FLUSHES; i += 2) {
      loss.flush(i, 1);
      loss.flushAll();
    }
  }

  private static final class Counted implements TlbFlusher {
    int flushes;
    int releases;

    @Override
    public void flush(long start, long pages) {
      flushes++;
    }

    @Override
    public void flushAll() {
      flushes++;
    }

    @Override
    public void released(long start, long pages) {
      releases++;
    }
  }
}
