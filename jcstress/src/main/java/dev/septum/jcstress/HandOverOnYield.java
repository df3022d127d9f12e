package dev.septum.jcstress;

import dev.septum.sync.BiasedMmuLock;
import dev.septum.sync.ReadSection;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * An exclusive holder yields if somebody waits, a shared one wants in.
 *
 * <p>Results: whether the holder saw a waiter and yielded (1), whether the other had been in when
 * it had the lock again (1).
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "Nobody waited; the other came later.")
@Outcome(
    id = "0, 1",
    expect = Expect.ACCEPTABLE,
    desc = "Nobody waited; the other had been in before.")
@Outcome(
    id = "1, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The waiter was let in before the holder had the lock again.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A holder that yields to a waiter has the lock again only after the waiter.")
@State
public class HandOverOnYield {
  private final BiasedMmuLock lock = new BiasedMmuLock();
  private final ReadSection section = lock.periods().register();
  private boolean entered;

  /** Yields to a waiter. */
  @Actor
  public void first(II_Result result) {
    long stamp = lock.lockExclusive();
    if (lock.isContended()) {
      result.r1 = 1;
      stamp = lock.yieldExclusive(stamp);
    }
    result.r2 = entered ? 1 : 0;
    lock.unlockExclusive(stamp);
  }

  /** Goes in and out. */
  @Actor
  public void second() {
    long stamp = lock.lockShared(section);
    entered = true;
    lock.unlockShared(section, stamp);
  }
}
