package dev.septum.jcstress.alone;

import dev.septum.jcstress.alone.Turns.Turn;
import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.MmuLock;
import dev.septum.sync.ReadSection;

/** A watched lock without a machine: it guards two plain fields, which are equal. */
final class WatchedHolds {
  private static final Turns TURNS = new Turns(Tree.LOCK);

  final WatchedLock lock;
  private final Operation alone;
  private final Operation other;
  private final ReadSection section;
  private int one;
  private int two;
  private int torn;

  /** With whatever hold has its turn. */
  WatchedHolds(Operation alone) {
    this(alone, TURNS.next(), new BiasedMmuLock());
  }

  WatchedHolds(Operation alone, Turn other, MmuLock behind) {
    this.alone = alone;
    this.other = other.operation();
    lock = new WatchedLock(behind, other.stays());
    section = lock.periods().register();
  }

  void runAlone() {
    lock.meeting.runFirst(() -> run(alone));
  }

  void runOther() {
    lock.meeting.runSecond(() -> run(other));
  }

  private void run(Operation operation) {
    switch (operation) {
      case SHARED_HOLD -> {
        long stamp = lock.lockShared(section);
        look();
        lock.unlockShared(section, stamp);
      }
      case EXCLUSIVE_HOLD -> {
        long stamp = lock.lockExclusive();
        change();
        lock.unlockExclusive(stamp);
      }
      case YIELDING_HOLD -> {
        long stamp = lock.lockExclusive();
        change();
        stamp = lock.yieldExclusive(stamp);
        change();
        lock.unlockExclusive(stamp);
      }
      default -> throw new IllegalArgumentException(operation.toString());
    }
  }

  private void change() {
    look();
    one++;
    two++;
  }

  private void look() {
    if (one != two) {
      torn++;
    }
  }

  String other() {
    return other.name();
  }

  /** Whether one of the two had to wait, 1 or 0. */
  int met() {
    return lock.meeting.haveMet() ? 1 : 0;
  }

  /** How often the fields were found unequal, or an increment is missing. */
  int violations() {
    int expected = changes(alone) + changes(other);
    return torn + (one == expected ? 0 : 1) + (two == expected ? 0 : 1);
  }

  private static int changes(Operation operation) {
    return switch (operation) {
      case EXCLUSIVE_HOLD -> 1;
      case YIELDING_HOLD -> 2;
      default -> 0;
    };
  }
}
