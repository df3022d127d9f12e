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
 * A guest reads a small page, while the host promotes the block.
 *
 * <p>Results: what was read, tables promoted, leaves left, violations, whether the guest faulted.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.PROMOTE)
@JCStressTest
@Outcome(
    id = "1, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Read before the promotion, or behind it, without a fault.")
@Outcome(
    id = "1, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the table blocked, and waited until it was a leaf.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page keeps its frame and its content.")
@State
public class LoadAgainstPromote {
  private final TinyVm td = new TinyVm().acceptedSmall().stored(1, 1);

  /** Reads. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.load(td.second, 1);
  }

  /** Promotes. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.promote();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.faulted();
  }
}
