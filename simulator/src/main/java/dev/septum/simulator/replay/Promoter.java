package dev.septum.simulator.replay;

import dev.septum.td.PromotionScanner;
import dev.septum.vm.TrustDomainHost;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The host thread that merges accepted private memory by and by: a scanner, step by step, until the
 * vCPUs have ended; then until what is settled by then is merged.
 */
final class Promoter extends HostThread {
  private static final int BLOCKS_PER_SECOND = 20_000;
  private static final int BLOCKS_PER_STEP = 20;
  private static final long PAUSE_NANOS =
      TimeUnit.SECONDS.toNanos(1) * BLOCKS_PER_STEP / BLOCKS_PER_SECOND;

  /** In how many passes a block is found full before it is merged. */
  private static final int PASSES = 2;

  private final TrustDomainHost host;

  Promoter(TrustDomainHost host, RunState state) {
    super("promotion", state);
    this.host = host;
  }

  @Override
  public void run() {
    try (PromotionScanner scanner = host.newPromotionScanner(BLOCKS_PER_SECOND, PASSES)) {
      while (goesOn()) {
        int unused = scanner.step(BLOCKS_PER_STEP);
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      for (int pass = 0; pass <= PASSES && !state().isStopped(); pass++) {
        int unused = scanner.scanOnce();
      }
    }
  }
}
