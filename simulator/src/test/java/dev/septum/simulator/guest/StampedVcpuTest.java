package dev.septum.simulator.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.vm.TrustDomainHost;
import dev.septum.vm.TrustDomainOptions;
import dev.septum.vm.TrustDomainVcpu;
import dev.septum.vm.VcpuExit;
import dev.septum.vm.VirtualMachine;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is lost data, and what is not. */
final class StampedVcpuTest {
  private static final GfnRange MEMORY = GfnRange.ofPages(0, 1024);
  private static final GfnRange TAKEN = GfnRange.ofPages(100, 3);

  private final VirtualMachine vm =
      VirtualMachine.builder()
          .maxTables(64)
          .trustDomain(TrustDomainOptions.DEFAULT.withHostPages(1 << 19))
          .build();
  private final TrustDomainHost host = vm.trustDomain();
  private final GuestMemory memory = new GuestMemory(List.of(MEMORY));
  private final GuestVcpu vcpu;
  private final StampedVcpu stamped;

  StampedVcpuTest() {
    vm.addSlot(MEMORY, PageLevel.LEVEL_2M);
    long unused = host.convertToPrivate(MEMORY);
    TrustDomainVcpu engine = (TrustDomainVcpu) vm.newVcpu();
    host.finalizeBuild();
    vcpu = new GuestVcpu(engine, new SplittableRandom(1), host.sharedBit());
    stamped = new StampedVcpu(vcpu, memory, 0);
    vcpu.acceptAround(0, PageLevel.LEVEL_2M);
    for (long gfn = 0; gfn < 512; gfn++) {
      assertEquals(VcpuExit.NONE, stamped.make(gfn, Access.WRITE));
    }
  }

  @AfterEach
  void isSound() {
    assertEquals(List.of(), vm.audit());
    vm.close();
  }

  private void accept(GfnRange range) {
    for (long gfn = range.start(); gfn < range.end(); gfn++) {
      vcpu.acceptAround(gfn, PageLevel.LEVEL_4K);
    }
  }

  @Test
  void whatIsKeptIsNotLostHoweverOftenItIsUsed() {
    for (long gfn = 0; gfn < 512; gfn++) {
      assertEquals(VcpuExit.NONE, stamped.make(gfn, Access.READ));
      assertEquals(VcpuExit.NONE, stamped.make(gfn, Access.EXECUTE));
      assertEquals(VcpuExit.NONE, stamped.make(gfn, Access.WRITE));
    }
    stamped.sweep();
    assertEquals(0, stamped.lostData());
  }

  @Test
  void whatTheHostSaysItTakesIsNotLost() {
    memory.beginTaking(TAKEN);
    host.punchHole(TAKEN);
    memory.endTaking(TAKEN);
    assertEquals(VcpuExit.UNACCEPTED, stamped.make(100, Access.READ));
    accept(TAKEN);
    assertEquals(VcpuExit.NONE, stamped.make(101, Access.READ));
    stamped.sweep();
    assertEquals(0, stamped.lostData());
  }

  @Test
  void whatItTakesUnsaidIsLostOnceEach() {
    host.punchHole(TAKEN);
    assertEquals(VcpuExit.UNACCEPTED, stamped.make(100, Access.WRITE));
    assertEquals(VcpuExit.UNACCEPTED, stamped.make(100, Access.READ));
    assertEquals(1, stamped.lostData());
    stamped.sweep();
    assertEquals(3, stamped.lostData());
  }

  @Test
  void lossIsSeenBehindAnAcceptAndByTheWriteThatWouldHideIt() {
    host.punchHole(TAKEN);
    accept(TAKEN);
    assertEquals(VcpuExit.NONE, stamped.make(100, Access.WRITE));
    assertEquals(1, stamped.lostData());
    assertEquals(VcpuExit.NONE, stamped.make(101, Access.READ));
    assertEquals(2, stamped.lostData());
  }

  @Test
  void aPageThatIsBeingTakenMayHoldItsStampOrNothing() {
    memory.beginTaking(TAKEN);
    assertEquals(VcpuExit.NONE, stamped.make(100, Access.WRITE));
    host.punchHole(TAKEN);
    accept(TAKEN);
    memory.endTaking(TAKEN);
    assertEquals(VcpuExit.NONE, stamped.make(100, Access.READ));
    assertEquals(0, stamped.lostData());
    vcpu.store(100, 12345);
    assertEquals(VcpuExit.NONE, stamped.make(100, Access.READ));
    assertEquals(1, stamped.lostData(), "a value that nobody wrote there");
  }

  @Test
  void aFetchFromPageThatIsGoneIsLoss() {
    host.convertToShared(TAKEN);
    assertEquals(VcpuExit.MEMORY_FAULT, stamped.make(102, Access.EXECUTE));
    assertEquals(1, stamped.lostData());
  }
}
