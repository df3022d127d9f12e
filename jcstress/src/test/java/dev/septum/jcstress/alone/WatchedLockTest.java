package dev.septum.jcstress.alone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.septum.jcstress.alone.Turns.Turn;
import dev.septum.jcstress.matrix.Hold;
import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.ForwardingMmuLock;
import dev.septum.sync.GracePeriods;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A lock that keeps nobody out is found; a real one is not blamed. */
class WatchedLockTest {
  private static final int TIMES = 100;

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
    WatchedLock lock = new WatchedLock(noLock(), false);
    ReadSection section = lock.periods().register();
    long alone = lock.lockExclusive();
    assertFalse(lock.meeting.haveMet());
    long shared = lock.lockShared(section);
    assertEquals(1, lock.overlaps());
    assertTrue(lock.meeting.haveMet());
    lock.unlockShared(section, shared);
    lock.unlockExclusive(alone);
  }

  @Test
  void anExclusiveHoldInsideAnyOtherIsAnOverlap() {
    WatchedLock lock = new WatchedLock(noLock(), false);
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
    WatchedLock lock = new WatchedLock(new BiasedMmuLock(), false);
    ReadSection one = lock.periods().register();
    ReadSection other = lock.periods().register();
    long first = lock.lockShared(one);
    long second = lock.lockShared(other);
    lock.unlockShared(one, first);
    second = lock.yieldShared(other, second);
    lock.unlockShared(other, second);
    lock.unlockExclusive(lock.lockExclusive());
    assertEquals(0, lock.overlaps());
    assertFalse(lock.meeting.haveMet());
  }

  /** What makes a machine in which one operation comes against another. */
  private interface Maker {
    WatchedMachine make(Operation alone, Turn other, MmuLock lock);
  }

  private static Maker maker(Tree tree) {
    return tree == Tree.DIRECT ? WatchedVm::new : WatchedTd::new;
  }

  /** Two of which the lock keeps one out while the other is in. */
  private record Apart(Tree tree, Operation alone, Operation other) {
    static List<Apart> all(Tree... trees) {
      List<Apart> all = new ArrayList<>();
      for (Tree tree : trees) {
        for (Operation alone : Operation.all(tree)) {
          for (Operation other : Operation.all(tree)) {
            if (!alone.on(tree).overlaps(other.on(tree)) && alone.on(tree) != Hold.SHARED) {
              all.add(new Apart(tree, alone, other));
            }
          }
        }
      }
      return all;
    }

    boolean isKeptBySlots() {
      return alone.on(tree).isKeptApartBySlots(other.on(tree));
    }

    WatchedMachine machine(MmuLock lock, boolean stays) {
      return maker(tree).make(alone, new Turn(other, stays), lock);
    }
  }

  /** Each operation that a test has its turn for is seen to begin while another is alone. */
  @Test
  void everyOperationIsCaughtWithoutALock() {
    for (Apart apart : Apart.all(Tree.DIRECT, Tree.MIRROR)) {
      WatchedMachine machine = apart.machine(noLock(), false);
      assertEquals(0, machine.overlaps(), apart::toString);
      long alone = machine.lock.lockExclusive();
      machine.runOther();
      assertTrue(machine.overlaps() > 0, apart::toString);
      machine.lock.unlockExclusive(alone);
    }
    for (Apart apart : Apart.all(Tree.LOCK)) {
      WatchedHolds holds = new WatchedHolds(apart.alone, new Turn(apart.other, false), noLock());
      long alone = holds.lock.lockExclusive();
      holds.runOther();
      assertTrue(holds.lock.overlaps() > 0, apart::toString);
      holds.lock.unlockExclusive(alone);
    }
  }

  /** Else one that should be alone and shares would pass beside all that share. */
  @Test
  void everyOperationHoldsTheLockInTheModeThatItSays() {
    for (Apart apart : Apart.all(Tree.DIRECT, Tree.MIRROR)) {
      WatchedMachine machine = apart.machine(new BiasedMmuLock(), false);
      Hold mode = apart.other.on(apart.tree);
      int shared = machine.lock.sharedHolds();
      long exclusive = machine.lock.exclusiveHolds();
      machine.runOther();
      boolean shares = machine.lock.sharedHolds() > shared;
      exclusive = machine.lock.exclusiveHolds() - exclusive;
      assertEquals(mode == Hold.SHARED, shares, apart + ": whether the other shares the lock");
      assertEquals(mode != Hold.SHARED, exclusive > 0, apart + ": whether it is ever alone");
      assertTrue(mode != Hold.EXCLUSIVE_UNDER_SLOTS || exclusive > 1, apart + ": several times");
    }
  }

  /** One after the other, by one thread, nothing is found. */
  @Test
  void nothingIsFoundWhereNothingOverlaps() {
    for (Apart apart : Apart.all(Tree.DIRECT, Tree.MIRROR)) {
      WatchedMachine machine = apart.machine(new BiasedMmuLock(), false);
      long holds = machine.lock.exclusiveHolds();
      machine.runAlone();
      assertTrue(machine.lock.exclusiveHolds() > holds, apart::toString);
      machine.runOther();
      assertEquals(0, machine.violations(), apart::toString);
      assertEquals(0, machine.overlaps(), apart::toString);
      assertEquals(0, machine.met(), apart::toString);
    }
  }

  private static void runBoth(Runnable one, Runnable other) throws Exception {
    FutureTask<@Nullable Void> second = new FutureTask<>(other, null);
    new Thread(second).start();
    try {
      one.run();
    } finally {
      second.get();
    }
  }

  /** Each pair meets, by two threads; a start may be late, but not each time. */
  @Test
  void everyPairMeets() throws Exception {
    for (Apart apart : Apart.all(Tree.DIRECT, Tree.MIRROR)) {
      int met = 0;
      for (int time = 0; met == 0 && time < TIMES; time++) {
        WatchedMachine machine = apart.machine(new BiasedMmuLock(), true);
        runBoth(machine::runAlone, machine::runOther);
        met = machine.met();
        assertEquals(0, machine.overlaps(), apart::toString);
        assertEquals(0, machine.violations(), apart::toString);
      }
      assertEquals(1, met, apart::toString);
    }
    for (Apart apart : Apart.all(Tree.LOCK)) {
      int met = 0;
      for (int time = 0; met == 0 && time < TIMES; time++) {
        WatchedHolds holds =
            new WatchedHolds(apart.alone, new Turn(apart.other, true), new BiasedMmuLock());
        runBoth(holds::runAlone, holds::runOther);
        met = holds.met();
        assertEquals(0, holds.lock.overlaps(), apart::toString);
        assertEquals(0, holds.violations(), apart::toString);
      }
      assertEquals(1, met, apart::toString);
    }
  }

  /**
   * A lock that keeps nobody out is found in every pair, by two threads as in the stress tests. Two
   * that the slots' monitor keeps apart wait for it all the same.
   */
  @Test
  void everyPairIsCaughtWithoutALock() throws Exception {
    for (Apart apart : Apart.all(Tree.DIRECT, Tree.MIRROR)) {
      int overlaps = 0;
      int met = 0;
      for (int time = 0; overlaps + met == 0 && time < TIMES; time++) {
        WatchedMachine machine = apart.machine(noLock(), true);
        runBoth(() -> runBroken(machine::runAlone), () -> runBroken(machine::runOther));
        overlaps = machine.overlaps();
        met = apart.isKeptBySlots() ? machine.met() : 0;
      }
      assertEquals(!apart.isKeptBySlots(), overlaps > 0, apart::toString);
      assertEquals(apart.isKeptBySlots(), met > 0, apart::toString);
    }
  }

  private static void runBroken(Runnable operation) {
    try {
      operation.run();
    } catch (RuntimeException disturbed) {
      // The other was in, and what it did was in the way.
    }
  }

  /** Without the monitor: the other comes when the first has left the lock for the first time. */
  @Test
  void turnsOfTwoThatTheSlotsKeepApartAreFound() {
    int kept = 0;
    for (Apart apart : Apart.all(Tree.DIRECT, Tree.MIRROR)) {
      if (apart.other.on(apart.tree) == Hold.SHARED) {
        continue; // a fault would wait for the end of what it has come into
      }
      LettingLock letting = new LettingLock();
      WatchedMachine machine = apart.machine(letting, false);
      letting.then = machine::runOther;
      machine.runAlone();
      boolean inTurns = machine.lock.meeting.turns() > 2;
      assertEquals(apart.isKeptBySlots(), inTurns && machine.overlaps() == 1, apart::toString);
      kept += apart.isKeptBySlots() ? 1 : 0;
    }
    assertEquals(17, kept);
  }

  /** A lock whose exclusive holder lets something be done, once, when it has left. */
  private static final class LettingLock extends ForwardingMmuLock {
    private @Nullable Runnable then;

    LettingLock() {
      super(new BiasedMmuLock());
    }

    @Override
    public void unlockExclusive(long stamp) {
      super.unlockExclusive(stamp);
      Runnable once = then;
      then = null;
      if (once != null) {
        once.run();
      }
    }
  }

  /** Against some other, each operation's effect is missed where it is missing. */
  @Test
  void whatNeitherOrderLeavesIsFound() {
    Set<String> all = new TreeSet<>();
    Set<String> missed = new TreeSet<>();
    for (Apart apart : Apart.all(Tree.DIRECT, Tree.MIRROR)) {
      WatchedMachine withoutOther = apart.machine(new BiasedMmuLock(), false);
      withoutOther.runAlone();
      all.add(apart.tree + " " + apart.other);
      if (withoutOther.violations() > 0) {
        missed.add(apart.tree + " " + apart.other);
      }
      WatchedMachine withoutAlone = apart.machine(new BiasedMmuLock(), false);
      withoutAlone.runOther();
      if (withoutAlone.violations() > 0) {
        missed.add(apart.tree + " " + apart.alone);
      }
    }
    assertEquals(all, missed);
  }
}
