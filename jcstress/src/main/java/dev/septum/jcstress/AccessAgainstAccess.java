package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIIII_Result;

/**
 * Hardware of two vCPUs meets in one leaf that nobody has touched: one reads the gfn, the other
 * reads it.
 *
 * <p>Results: whether each access was allowed (1), A and D afterwards (two digits), leaves left,
 * violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.ACCESS_A, second = Operation.ACCESS_A)
@Outcome(id = "1, 1, 10, 2, 0, 0", expect = Expect.ACCEPTABLE, desc = "One after the other.")
@Outcome(
    id = "1, 1, 10, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "Both saw the leaf untouched; the CAS of one failed, and it went on with what the other"
            + " had set.")
@Outcome(expect = Expect.FORBIDDEN, desc = "An access that was allowed leaves its bits.")
@State
public class AccessAgainstAccess {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table that nobody has touched. */
  public AccessAgainstAccess() {
    tree.fillBlock(first);
  }

  /** Reads. */
  @Actor
  public void first(IIIIII_Result result) {
    result.r1 = tree.access(first, 1, Access.READ) ? 1 : 0;
  }

  /** Reads. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r2 = tree.access(second, 1, Access.READ) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r3 = tree.flags(first, 1);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
