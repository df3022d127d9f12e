package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * A block is promoted, and its guest's inhibit goes; another thread looks, without a lock, what is
 * mapped, and then whether it is inhibited.
 *
 * <p>Results: tables promoted, the level mapped (-1 while it is changed), whether it was inhibited,
 * leaves left, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.PROMOTE, second = Operation.TRANSLATE)
@JCStressTest
@Outcome(id = "1, 1, true, 10, 0", expect = Expect.ACCEPTABLE, desc = "Looked before.")
@Outcome(id = "1, 2, false, 10, 0", expect = Expect.ACCEPTABLE, desc = "Looked behind.")
@Outcome(
    id = "1, -1, false, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The table was being promoted.")
@Outcome(
    id = "1, 1, false, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The inhibit went behind the look at the table, or is gone before it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "What is large, or about to be, is not inhibited any more.")
@State
public class PromoteAgainstLook {
  private final TinyVm td = new TinyVm().acceptedSmall();

  /** Promotes. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r1 = td.promote();
  }

  /** Looks. */
  @Actor
  public void looker(LLLLL_Result result) {
    result.r2 = td.levelOf(td.secondWalker, 0);
    result.r3 = td.isInhibited();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = td.leaves();
    result.r5 = td.violations();
  }
}
