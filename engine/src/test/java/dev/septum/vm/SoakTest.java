package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.mmu.MmuOptions;
import dev.septum.paging.Access;
import dev.septum.paging.Geometry;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import dev.septum.trace.MmuCounter;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Everything at once, by many threads; then nothing may be amiss, and nothing lost. */
@Timeout(120)
final class SoakTest {
  private static final long ROUND_NANOS =
      TimeUnit.MILLISECONDS.toNanos(Long.getLong("septum.soak.millis", 700));
  private static final int BATCH = 64;
  private static final int CHURNERS = 2;

  /** What each churner does at least, however slow the round is: every operation more than once. */
  private static final int LEAST_OPERATIONS = 10;

  @ParameterizedTest(name = "{0} vCPUs, {1} levels of {2} bits")
  @CsvSource({"2, 4, 9", "8, 4, 9", "64, 4, 9", "2, 3, 2", "8, 3, 2", "8, 2, 1"})
  void survivesFaultsAccessesSplitsMergesAndZaps(int threads, int levels, int bits)
      throws Exception {
    Soak soak = new Soak(threads, new Geometry(levels, bits), MmuOptions.SEPTUM, true);
    soak.run();
    soak.checkSound();
    assertTrue(soak.counter(MmuCounter.ZAPS) > 0, "no leaf was zapped");
  }

  @ParameterizedTest(name = "{0} vCPUs, {1} levels of {2} bits")
  @CsvSource({"2, 4, 9", "8, 4, 9", "64, 4, 9", "8, 3, 2", "8, 2, 1"})
  void losesNoDirtyPageInSplitsAndMerges(int threads, int levels, int bits) throws Exception {
    losesNoDirtyPage(threads, new Geometry(levels, bits), MmuOptions.SEPTUM);
  }

  @ParameterizedTest(name = "{0} vCPUs, {1} levels of {2} bits")
  @CsvSource({"2, 4, 9", "8, 3, 2"})
  void losesNoDirtyPageInMergesByExchange(int threads, int levels, int bits) throws Exception {
    MmuOptions byExchange = new MmuOptions(false, false, false, true);
    losesNoDirtyPage(threads, new Geometry(levels, bits), byExchange);
  }

  private static void losesNoDirtyPage(int threads, Geometry geometry, MmuOptions options)
      throws Exception {
    Soak soak = new Soak(threads, geometry, options, false);
    soak.run();
    soak.checkEveryWrittenPageIsDirty();
    soak.checkSound();
    assertTrue(soak.counter(MmuCounter.SPLITS) > 0, "no leaf was split");
    assertTrue(soak.counter(MmuCounter.MERGES) > 0, "no table was merged");
  }

  @Test
  void noticesDirtyPagesThatAMergeLoses() throws Exception {
    MmuOptions firstLeafOnly = new MmuOptions(false, true, false, true);
    Soak soak = new Soak(2, Geometry.FOUR_LEVEL, firstLeafOnly, false);
    soak.run();
    GfnRange clean = GfnRange.ofPages(0, 1);
    soak.vm.split(soak.memory, PageLevel.LEVEL_4K);
    soak.vm.zap(clean);
    soak.vm.prefault(clean);
    soak.vm.merge(soak.memory, PageLevel.LEVEL_2M);
    assertThrows(AssertionError.class, soak::checkEveryWrittenPageIsDirty);
    soak.checkSound();
  }

  private static final class Soak {
    final int threads;
    final boolean zaps;
    final GfnRange memory;
    final VirtualMachine vm;
    final List<Vcpu> vcpus = new ArrayList<>();
    final List<BitSet> written = new ArrayList<>();

    Soak(int threads, Geometry geometry, MmuOptions options, boolean zaps) {
      this.threads = threads;
      this.zaps = zaps;
      this.memory = new GfnRange(0, Math.min(geometry.gfnLimit(), 4 * 512));
      this.vm = VirtualMachine.builder().geometry(geometry).options(options).build();
      vm.addSlot(memory, PageLevel.of(geometry.maxLeafLevel()));
      for (int i = 0; i < threads; i++) {
        vcpus.add(vm.newVcpu());
        written.add(new BitSet());
      }
    }

    void run() throws InterruptedException, ExecutionException {
      long deadline = System.nanoTime() + ROUND_NANOS;
      ExecutorService pool = Executors.newFixedThreadPool(threads + CHURNERS);
      CountDownLatch churning = new CountDownLatch(CHURNERS);
      try {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          int id = i;
          running.add(pool.submit(() -> touch(id, churning)));
        }
        for (int i = 0; i < CHURNERS; i++) {
          int seed = 1000 + i;
          running.add(
              pool.submit(
                  () -> {
                    try {
                      churn(seed, deadline);
                    } finally {
                      churning.countDown();
                    }
                  }));
        }
        for (Future<?> future : running) {
          future.get();
        }
      } finally {
        pool.shutdownNow();
      }
    }

    private void touch(int id, CountDownLatch churning) {
      Random random = new Random(id);
      long[] batch = new long[BATCH];
      Access[] kinds = Access.values();
      while (churning.getCount() > 0) {
        for (int i = 0; i < BATCH; i++) {
          long gfn = random.nextInt((int) memory.pages());
          Access access = kinds[random.nextInt(kinds.length)];
          batch[i] = GuestAccess.of(gfn << Geometry.PAGE_SHIFT, access);
          if (access == Access.WRITE) {
            written.get(id).set((int) gfn);
          }
        }
        assertEquals(BATCH, vcpus.get(id).run(batch, 0, BATCH));
      }
    }

    private void churn(int seed, long deadline) {
      Random random = new Random(seed);
      PageLevel largest = PageLevel.of(vm.mmu().geometry().maxLeafLevel());
      for (int done = 0; done < LEAST_OPERATIONS || System.nanoTime() < deadline; done++) {
        long start = random.nextInt((int) memory.pages());
        long pages = 1L + random.nextInt((int) Math.min(memory.end() - start, 600));
        GfnRange range = GfnRange.ofPages(start, pages);
        switch (done % (zaps ? 5 : 3)) {
          case 0 -> vm.split(range, PageLevel.LEVEL_4K);
          case 1 -> {
            vm.prefault(memory);
            vm.merge(memory, largest);
          }
          case 2 -> vm.merge(range, PageLevel.LEVEL_2M);
          case 3 -> vm.zap(range);
          default -> vm.trim(memory);
        }
      }
    }

    void checkSound() {
      assertEquals(List.of(), vm.audit());
      long mapped = 0;
      for (int level = 1; level <= vm.mmu().geometry().maxLeafLevel(); level++) {
        mapped += vm.mapped(PageLevel.of(level)) * vm.mmu().geometry().pages(level);
      }
      assertTrue(mapped <= memory.pages(), "more is mapped than there is: " + mapped);
      for (Vcpu vcpu : vcpus) {
        assertEquals(0, vcpu.staleUses());
        vcpu.close();
      }
      vm.mmu().tables().reclaim();
      assertEquals(0, vm.mmu().tables().waiting(), "a vCPU that has stopped holds tables back");
      assertEquals(List.of(), vm.audit());
      vm.close();
      vm.mmu().tables().reclaim();
      assertEquals(0, vm.mmu().tables().live());
      assertEquals(0, vm.mmu().tables().waiting());
    }

    void checkEveryWrittenPageIsDirty() {
      BitSet lost = new BitSet();
      written.forEach(lost::or);
      vm.forEachLeaf(
          memory,
          (gfn, level, entry) -> {
            if (Spte.isDirty(entry)) {
              lost.clear((int) gfn, (int) (gfn + vm.mmu().geometry().pages(level)));
            }
          });
      assertEquals(new BitSet(), lost, "gfns written, but not dirty");
    }

    long counter(MmuCounter counter) {
      return vm.mmu().counters().sum(counter);
    }
  }
}
