package dev.septum.simulator.soak;

import dev.septum.paging.GfnRange;
import dev.septum.td.PromotionScanner;
import dev.septum.vm.TrustDomainHost;

/** A trust domain's host, who promotes what is full by and by. */
final class ScanHost extends SoakThread {
  private static final int BLOCKS_PER_STEP = 8;
  private static final int PASSES = 2;

  private final PromotionScanner scanner;

  ScanHost(TrustDomainHost host, Choices choices, OperationLog log, SoakMachine machine) {
    super(choices, log, 1, NormalHost.PAUSE_MICROS, machine);
    // Driven step by step: how many blocks a second it would look at by itself does not matter.
    this.scanner = host.newPromotionScanner(1, PASSES);
  }

  @Override
  long perform(Operation operation, GfnRange range) {
    return scanner.step(BLOCKS_PER_STEP);
  }

  void close() {
    scanner.close();
  }
}
