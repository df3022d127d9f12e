package dev.septum.jcstress.alone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.jcstress.matrix.Hold;
import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

/** A lock that keeps nobody out is found; a real one is not blamed. */
class WatchedLockTest {

  /** A broken lock: it opens and closes read sections, and excludes nobody. */
  private static MmuLock noLock() {
    GracePeriods periods = new GracePeriods();
    return (MmuLock)
        Proxy.newProxyInstance(
            WatchedLockTest.class.getClassLoader(),
            new Class<?>[] {MmuLock.class},
            (proxy, method, arguments) -> {
              switch (method.getName()) {
                case "periods":
                  return periods;
                case "lockShared":
                  ((ReadSection) arguments[0]).open();
                  return 1L;
                case "unlockShared":
                  ((ReadSection) arguments[0]).close();
                  return null;
                case "unlockExclusive":
                  return null;
                case "lockExclusive", "exclusiveHolds", "yieldExclusive", "yieldShared":
                  return 1L;
                default:
                  return false;
              }
            });
  }

  @Test
  void aSharedHoldInsideOneThatIsAloneIsAnOverlap() {
    WatchedLock lock = new WatchedLock(noLock());
    ReadSection section = lock.periods().register();
    long alone = lock.lockExclusive();
    assertFalse(lock.haveMet());
    long shared = lock.lockShared(section);
    assertEquals(1, lock.overlaps());
    assertTrue(lock.haveMet());
    lock.unlockShared(section, shared);
    lock.unlockExclusive(alone);
  }

  @Test
  void anExclusiveHoldInsideAnyOtherIsAnOverlap() {
    WatchedLock lock = new WatchedLock(noLock());
    ReadSection section = lock.periods().register();
    long shared = lock.lockShared(section);
    long alone = lock.lockExclusive();
    assertEquals(1, lock.overlaps());
    lock.unlockShared(section, shared);
    long again = lock.lockExclusive();
    assertEquals(2, lock.overlaps());
    assertEquals(1, lock.yieldExclusive(again)); // and it is not alone afterwards
    assertEquals(3, lock.overlaps());
    lock.unlockExclusive(alone);
  }

  @Test
  void sharedHoldsMayOverlap() {
    WatchedLock lock = new WatchedLock(new BiasedMmuLock());
    ReadSection one = lock.periods().register();
    ReadSection other = lock.periods().register();
    long first = lock.lockShared(one);
    long second = lock.lockShared(other);
    lock.unlockShared(one, first);
    second = lock.yieldShared(other, second);
    lock.unlockShared(other, second);
    lock.unlockExclusive(lock.lockExclusive());
    assertEquals(0, lock.overlaps());
    assertFalse(lock.haveMet());
  }

  /** Each operation that a test has its turn for is seen to begin while another is alone. */
  @Test
  void everyOperationIsCaughtWithoutALock() {
    for (Operation operation : Operation.all(Tree.DIRECT)) {
      if (operation.on(Tree.DIRECT) != Hold.NONE) {
        assertCaught(new WatchedVm(Operation.ZAP, operation, noLock()));
      }
    }
    for (Operation operation : Operation.all(Tree.MIRROR)) {
      if (operation.on(Tree.MIRROR) != Hold.NONE) {
        assertCaught(new WatchedTd(Operation.ZAP, operation, noLock()));
      }
    }
    for (Operation operation : Operation.all(Tree.LOCK)) {
      WatchedHolds holds = new WatchedHolds(Operation.EXCLUSIVE_HOLD, operation, noLock());
      long alone = holds.lock.lockExclusive();
      holds.runOther();
      assertTrue(holds.lock.overlaps() > 0, operation::toString);
      holds.lock.unlockExclusive(alone);
    }
  }

  private static void assertCaught(WatchedMachine machine) {
    assertEquals(0, machine.lock.overlaps(), machine.other());
    long alone = machine.lock.lockExclusive();
    machine.runOther();
    assertTrue(machine.lock.overlaps() > 0, machine.other());
    machine.lock.unlockExclusive(alone);
  }

  /** Else one that should be alone and shares would pass beside all that share. */
  @Test
  void everyOperationHoldsTheLockInTheModeThatItSays() {
    for (Operation operation : Operation.all(Tree.DIRECT)) {
      if (operation.on(Tree.DIRECT) != Hold.NONE) {
        assertMode(
            operation.on(Tree.DIRECT),
            new WatchedVm(Operation.ZAP, operation, new BiasedMmuLock()));
      }
    }
    for (Operation operation : Operation.all(Tree.MIRROR)) {
      if (operation.on(Tree.MIRROR) != Hold.NONE) {
        assertMode(
            operation.on(Tree.MIRROR),
            new WatchedTd(Operation.ZAP, operation, new BiasedMmuLock()));
      }
    }
  }

  private static void assertMode(Hold mode, WatchedMachine machine) {
    int shared = machine.lock.sharedHolds();
    int alone = machine.lock.holdsAlone();
    machine.runOther();
    boolean shares = machine.lock.sharedHolds() > shared;
    boolean excludes = machine.lock.holdsAlone() > alone;
    assertEquals(mode == Hold.SHARED, shares, machine.other() + " shares the lock");
    assertEquals(mode == Hold.EXCLUSIVE, excludes, machine.other() + " holds it alone");
  }

  /** One after the other, by one thread, nothing is found. */
  @Test
  void nothingIsFoundWhereNothingOverlaps() {
    for (Operation operation : Operation.all(Tree.DIRECT)) {
      if (operation.on(Tree.DIRECT) != Hold.NONE) {
        assertSound(new WatchedVm(Operation.SLOT_DELETE, operation, new BiasedMmuLock()));
      }
    }
    for (Operation operation : Operation.all(Tree.MIRROR)) {
      if (operation.on(Tree.MIRROR) != Hold.NONE) {
        assertSound(new WatchedTd(Operation.SLOT_DELETE, operation, new BiasedMmuLock()));
      }
    }
  }

  private static void assertSound(WatchedMachine machine) {
    long holds = machine.lock.exclusiveHolds();
    machine.runAlone();
    assertTrue(machine.lock.exclusiveHolds() > holds, machine.other());
    machine.runOther();
    assertEquals(0, machine.violations(), machine.other());
    assertEquals(0, machine.lock.overlaps(), machine.other());
  }
}
