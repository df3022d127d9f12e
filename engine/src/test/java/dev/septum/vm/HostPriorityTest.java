package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.memory.AllocationFaults;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.SeamcallStatus;
import dev.septum.tdx.TdxFaults;
import dev.septum.tdx.TdxLeaf;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The module refuses an entry to all guests once a call of the host's has lost it, until another of
 * the host's has won it: so a host that gives up what was busy leaves guests that wait for ever.
 */
final class HostPriorityTest {
  private static final int TABLES = 16;

  /** Has something done, once, by another thread, while a guest's ACCEPT holds its entry. */
  private static final class AmidAnAccept implements TdxFaults {
    private Runnable meanwhile = () -> {};

    @Override
    public void window(TdxLeaf leaf) {
      if (leaf == TdxLeaf.GUEST_ACCEPT) {
        Runnable once = meanwhile;
        meanwhile = () -> {};
        once.run();
      }
    }
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void aPromotionThatFindsThePageBusyDoesNotKeepItFromTheGuest() throws Exception {
    AmidAnAccept faults = new AmidAnAccept();
    TdMachine td =
        new TdMachine(
            TrustDomainOptions.DEFAULT.withFaults(faults, AllocationFaults.NONE), 1, 1, TABLES);
    for (long gfn = TdMachine.BLOCK.start(); gfn < TdMachine.BLOCK.end(); gfn++) {
      td.acceptWhole(gfn, PageLevel.LEVEL_4K);
    }
    ExecutorService host = Executors.newSingleThreadExecutor();
    AtomicReference<Future<Long>> promotion = new AtomicReference<>();
    long busy = td.host().seamcalls().busy();
    faults.meanwhile =
        () -> {
          promotion.set(host.submit(() -> td.host().promote(td.memory, PageLevel.LEVEL_2M)));
          while (td.host().seamcalls().busy() == busy) {
            Thread.onSpinWait();
          }
        };
    try {
      assertAccepted(td);
      long promoted = promotion.get().get();
      assertAccepted(td);
      assertEquals(1, promoted);
    } finally {
      host.shutdown();
    }
    td.assertSound();
    td.closeAndCheckAllIsGivenBack();
  }

  /** Asks once: BUSY would be an answer, too. */
  private static void assertAccepted(TdMachine td) {
    long status = td.vcpu().accept(TdMachine.gpa(TdMachine.GFN), PageLevel.LEVEL_4K);
    assertEquals(
        SeamcallStatus.PAGE_ALREADY_ACCEPTED,
        SeamcallStatus.detail(status),
        () -> SeamcallStatus.describe(status));
  }
}
