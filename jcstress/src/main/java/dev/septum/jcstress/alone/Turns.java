package dev.septum.jcstress.alone;

import dev.septum.jcstress.matrix.Hold;
import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Tree;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The operations of a tree that hold the lock, each as often as the others. */
final class Turns {
  private final List<Operation> operations;
  private final AtomicInteger taken = new AtomicInteger();

  Turns(Tree tree) {
    operations =
        Operation.all(tree).stream().filter(operation -> operation.on(tree) != Hold.NONE).toList();
  }

  /** Whose turn it is; then it is the next one's. */
  Operation next() {
    return operations.get(Math.floorMod(taken.getAndIncrement(), operations.size()));
  }
}
