package dev.septum.jmh.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.PageLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Peers are comparable only if they do the same: each answers a random script as Septum does. */
class PeersAgreeTest {
  private static final int BLOCK = 512;

  /** Blocks of 2M, of which the odd ones hold 4K pages and the even ones 2M pages. */
  private static final int BLOCKS = 16;

  private static final int FRAMES = BLOCKS * BLOCK;
  private static final int STEPS = 5_000;

  /** What a map answered to each step of a script, and what was mapped in the end. */
  private static List<Long> answers(PageMap map, long seed) {
    Random random = new Random(seed);
    List<Long> answers = new ArrayList<>();
    try (PageMap.View view = map.newView()) {
      for (int step = 0; step < STEPS; step++) {
        long gfn = random.nextInt(FRAMES);
        boolean isLarge = gfn / BLOCK % 2 == 0;
        switch (random.nextInt(8)) {
          case 0 -> {
            long pages = 1L + random.nextInt(random.nextBoolean() ? 8 : FRAMES / 2);
            answers.add(view.zap(gfn, Math.min(pages, FRAMES - gfn)));
          }
          case 1, 2, 3 -> answers.add(view.translate(gfn));
          case 4 -> { // inside a page of 2M, if there is one
            if (!isLarge || view.translate(gfn) != PageMap.NOT_MAPPED) {
              answers.add(view.fault(gfn, PageLevel.PG_4K) ? 1L : 0);
            }
          }
          default ->
              answers.add(view.fault(gfn, isLarge ? PageLevel.PG_2M : PageLevel.PG_4K) ? 1L : 0);
        }
      }
      for (int gfn = 0; gfn < FRAMES; gfn++) {
        answers.add(view.translate(gfn));
      }
    }
    return answers;
  }

  @ParameterizedTest
  @EnumSource(names = "SEPTUM", mode = EnumSource.Mode.EXCLUDE)
  void aPeerAnswersAScriptAsSeptumDoes(Peer peer) {
    for (long seed = 1; seed <= 3; seed++) {
      assertEquals(
          answers(Peer.SEPTUM.newMap(), seed), answers(peer.newMap(), seed), "seed " + seed);
    }
  }

  @Test
  void theScriptFindsAZapThatForgetsThePageAtTheEnd() {
    PageMap forgetful =
        new Altered() {
          @Override
          public long zap(long start, long pages) {
            return pages > 1 ? right.zap(start, pages - 1) : right.zap(start, pages);
          }
        };
    assertThrows(
        AssertionError.class,
        () -> assertEquals(answers(Peer.SEPTUM.newMap(), 1), answers(forgetful, 1)));
  }

  @Test
  void theScriptFindsAFaultThatMapsInsideALargePage() {
    PageMap blind =
        new Altered() {
          @Override
          public boolean fault(long gfn, int level) {
            return right.fault(gfn, level) || level == PageLevel.PG_4K;
          }
        };
    assertThrows(
        AssertionError.class,
        () -> assertEquals(answers(Peer.SEPTUM.newMap(), 1), answers(blind, 1)));
  }

  /** Two threads fault the same pages: each page is mapped once. */
  @ParameterizedTest
  @EnumSource
  void aPageIsMappedByOneOfTwoThreads(Peer peer) throws Exception {
    PageMap map = peer.newMap();
    AtomicInteger mapped = new AtomicInteger();
    Runnable faults =
        () -> {
          try (PageMap.View view = map.newView()) {
            for (int gfn = 0; gfn < FRAMES; gfn++) {
              if (view.fault(gfn, PageLevel.PG_4K)) {
                mapped.incrementAndGet();
              }
            }
          }
        };
    Thread other = new Thread(faults);
    other.start();
    faults.run();
    other.join();
    assertEquals(FRAMES, mapped.get());
    try (PageMap.View view = map.newView()) {
      assertEquals(FRAMES, view.zap(0, FRAMES));
    }
  }

  /** All look up the same leaves at once that they look up one by one. */
  @ParameterizedTest
  @EnumSource
  void allTranslationsAreTheSumOfEach(Peer peer) {
    try (PageMap.View view = peer.newMap().newView()) {
      int[] gfns = new int[BLOCK];
      long sum = 0;
      for (int gfn = 0; gfn < BLOCK; gfn++) {
        assertTrue(view.fault(gfn, PageLevel.PG_4K));
        gfns[gfn] = gfn;
        sum += view.translate(gfn);
      }
      assertEquals(sum, view.translateAll(gfns));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPageTakesMemory(Peer peer) {
    int pages = 1 << 12;
    PeerFootprint few = PeerFootprint.measure(peer, Mix.SPARSE, pages / 2);
    PeerFootprint more = PeerFootprint.measure(peer, Mix.SPARSE, pages);
    long entry = Long.BYTES;
    assertTrue(more.bytes() - few.bytes() >= pages / 2 * entry, few + " " + more);
  }

  /** A broken variant of a map that is right. */
  private abstract static class Altered implements PageMap, PageMap.View {
    final PageMap.View right = Peer.RADIX.newMap().newView();

    @Override
    public View newView() {
      return this;
    }

    @Override
    public boolean fault(long gfn, int level) {
      return right.fault(gfn, level);
    }

    @Override
    public long translate(long gfn) {
      return right.translate(gfn);
    }

    @Override
    public long zap(long start, long pages) {
      return right.zap(start, pages);
    }
  }
}
