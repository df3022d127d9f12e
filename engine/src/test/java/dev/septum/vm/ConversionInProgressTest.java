package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.ForwardingMmuLock;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What others do whenever a conversion lets the exclusive lock go: from its split to its zap. */
final class ConversionInProgressTest {
  private static final GfnRange BLOCK = TdMachine.BLOCK;
  private static final GfnRange PART = GfnRange.ofPages(TdMachine.GFN + 7, 3);

  private final LettingLock lock = new LettingLock();
  private int tries;
  private long promoted;

  @Test
  void nothingIsPromotedInItsRange() {
    try (VirtualMachine vm =
        VirtualMachine.builder()
            .lock(lock)
            .maxTables(50)
            .trustDomain(TrustDomainOptions.DEFAULT.withHostPages(1 << 20))
            .build()) {
      vm.addSlot(BLOCK, PageLevel.LEVEL_2M);
      TrustDomainHost host = vm.trustDomain();
      host.convertToPrivate(BLOCK);
      TrustDomainVcpu vcpu = (TrustDomainVcpu) vm.newVcpu();
      host.finalizeBuild();
      TdMachine.accept(vcpu, BLOCK.start(), PageLevel.LEVEL_2M);
      vcpu.store(TdMachine.gpa(BLOCK.start()), 42);
      lock.then =
          () -> {
            tries++;
            promoted += host.promote(BLOCK, PageLevel.LEVEL_2M);
          };
      assertEquals(PART.pages(), host.convertToShared(PART));
      lock.then = () -> {};
      assertEquals(0, promoted);
      assertTrue(tries > 2, "begun, split, zapped and ended, not in one hold");
      assertEquals(42, vcpu.load(TdMachine.gpa(BLOCK.start())));
      assertEquals(List.of(), vm.audit());
    }
  }

  /** A lock whose exclusive holder lets something be done once it has left. */
  private static final class LettingLock extends ForwardingMmuLock {
    private Runnable then = () -> {};
    private boolean isLetting;

    LettingLock() {
      super(new BiasedMmuLock());
    }

    @Override
    public void unlockExclusive(long stamp) {
      super.unlockExclusive(stamp);
      if (!isLetting) {
        isLetting = true;
        then.run();
        isLetting = false;
      }
    }
  }
}
