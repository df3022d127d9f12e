package dev.septum.jcstress.alone;

import dev.septum.jcstress.matrix.Hold;
import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Tree;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The operations of a tree that hold the lock, each as often as the others: in one round they are
 * to meet what they come against, in the next it is left to chance.
 */
final class Turns {
  private final List<Operation> operations;

  /** From a random one on: a JVM of a short run does not come to all. */
  private final AtomicInteger taken;

  Turns(Tree tree) {
    operations =
        Operation.all(tree).stream().filter(operation -> operation.on(tree) != Hold.NONE).toList();
    taken = new AtomicInteger(ThreadLocalRandom.current().nextInt(2 * operations.size()));
  }

  /**
   * An operation's turn.
   *
   * @param stays whether who has the first hold waits for the other
   */
  record Turn(Operation operation, boolean stays) {}

  /** Whose turn it is; then it is the next one's. */
  Turn next() {
    int turn = taken.getAndIncrement();
    int round = Math.floorDiv(turn, operations.size());
    return new Turn(operations.get(Math.floorMod(turn, operations.size())), round % 2 == 0);
  }
}
