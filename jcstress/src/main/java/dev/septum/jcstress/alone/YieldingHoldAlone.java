package dev.septum.jcstress.alone;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * One thread holds the lock alone, and yields in the middle; against it comes whatever else holds
 * the lock.
 *
 * <p>Results: what came, whether one of the two had to wait (1), holds that overlapped, how often
 * the guarded fields were not as one after the other leaves them.
 */
@JCStressTest
@Race(tree = Tree.LOCK, first = Operation.YIELDING_HOLD, second = Operation.SHARED_HOLD)
@Race(tree = Tree.LOCK, first = Operation.YIELDING_HOLD, second = Operation.EXCLUSIVE_HOLD)
@Race(tree = Tree.LOCK, first = Operation.YIELDING_HOLD, second = Operation.YIELDING_HOLD)
@Outcome(
    id = "SHARED_HOLD, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "A shared hold: before the yielding hold or after it.")
@Outcome(
    id = "EXCLUSIVE_HOLD, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "An exclusive hold: before the yielding hold or after it.")
@Outcome(
    id = "YIELDING_HOLD, [01], 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Both halves of another yielding hold: before the yielding hold or after it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Who holds the lock alone is alone.")
@State
public class YieldingHoldAlone {
  private final WatchedHolds holds = new WatchedHolds(Operation.YIELDING_HOLD);

  /** Holds the lock alone, twice. */
  @Actor
  public void first() {
    holds.runAlone();
  }

  /** Does what comes against it. */
  @Actor
  public void second() {
    holds.runOther();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r1 = holds.other();
    result.r2 = holds.met();
    result.r3 = holds.lock.overlaps();
    result.r4 = holds.violations();
  }
}
