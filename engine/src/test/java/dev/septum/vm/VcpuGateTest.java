package dev.septum.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.Crew;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Who comes to the closed gate of the guest waits there. */
final class VcpuGateTest {
  private static final long LOOK_MILLIS = 200;

  private final TdMachine td = new TdMachine(TrustDomainOptions.DEFAULT, 1, 1, 50);

  /** Whether a vCPU that wants to enter is met in the guest, or has been there. */
  private boolean comesIn(boolean isClosed) {
    td.acceptWhole(TdMachine.GFN, PageLevel.LEVEL_2M);
    VcpuGate gate = td.host().gate();
    AtomicBoolean hasBegun = new AtomicBoolean();
    AtomicBoolean isThrough = new AtomicBoolean();
    Crew crew = new Crew();
    if (isClosed) {
      gate.exclude();
    }
    crew.start(
        () -> {
          hasBegun.set(true);
          assertEquals(VcpuExit.NONE, td.vcpu().access(TdMachine.gpa(TdMachine.GFN), Access.READ));
          isThrough.set(true);
        });
    Crew.await("the vCPU", hasBegun::get);
    boolean isMet = false;
    BooleanSupplier looks = Crew.forMillis(LOOK_MILLIS);
    while (!isMet && looks.getAsBoolean()) {
      isMet = td.vcpu().cpu().isInside() || isThrough.get();
    }
    gate.admit();
    crew.join();
    assertTrue(isThrough.get(), "once it may");
    td.closeAndCheckAllIsGivenBack();
    return isMet;
  }

  @Test
  void waitsWhileItIsClosed() {
    assertFalse(comesIn(true));
  }

  @Test
  void comesInWhileItIsOpen() {
    assertTrue(comesIn(false));
  }
}
