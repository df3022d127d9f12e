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
 * Two threads share the lock.
 *
 * <p>Results: whether each saw the other in (1).
 */
@JCStressTest
@Race(tree = Tree.LOCK, first = Operation.SHARED_HOLD, second = Operation.SHARED_HOLD)
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "One after the other.")
@Outcome(
    id = {"0, 1", "1, 0", "1, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both were in at once.")
@Outcome(expect = Expect.FORBIDDEN, desc = "There is nothing else.")
@State
public class SharedHoldAgainstSharedHold {
  private final BiasedMmuLock lock = new BiasedMmuLock();
  private final ReadSection firstSection = lock.periods().register();
  private final ReadSection secondSection = lock.periods().register();
  private volatile int firstIn;
  private volatile int secondIn;

  /** Goes in and out. */
  @Actor
  public void first(II_Result result) {
    long stamp = lock.lockShared(firstSection);
    firstIn = 1;
    result.r1 = secondIn;
    firstIn = 0;
    lock.unlockShared(firstSection, stamp);
  }

  /** Goes in and out. */
  @Actor
  public void second(II_Result result) {
    long stamp = lock.lockShared(secondSection);
    secondIn = 1;
    result.r2 = firstIn;
    secondIn = 0;
    lock.unlockShared(secondSection, stamp);
  }
}
