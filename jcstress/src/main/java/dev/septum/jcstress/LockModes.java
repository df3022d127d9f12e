package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.ReadSection;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * An exclusive holder writes two plain fields, a shared holder reads both.
 *
 * <p>Results: the two fields as they were read.
 */
@JCStressTest
@Race(tree = Tree.LOCK, first = Operation.SHARED_HOLD, second = Operation.EXCLUSIVE_HOLD)
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "Read before.")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "Read after.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A shared holder never sees an exclusive one half done.")
@State
public class LockModes {
  private final BiasedMmuLock lock = new BiasedMmuLock();
  private final ReadSection section = lock.periods().register();
  private int one;
  private int two;

  /** Writes both, alone. */
  @Actor
  public void first() {
    long stamp = lock.lockExclusive();
    one = 1;
    two = 1;
    lock.unlockExclusive(stamp);
  }

  /** Reads both, shared. */
  @Actor
  public void second(II_Result result) {
    long stamp = lock.lockShared(section);
    result.r1 = one;
    result.r2 = two;
    lock.unlockShared(section, stamp);
  }
}
