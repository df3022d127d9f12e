package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * The host promotes a block of small pages, while another of its threads splits it.
 *
 * <p>Results: tables promoted, leaves split, leaves left, calls of BLOCK, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.PROMOTE, second = Operation.SPLIT_EXCLUSIVE)
@JCStressTest
@Outcome(id = "1, 1, 2, 2, 0", expect = Expect.ACCEPTABLE, desc = "Promoted, then split.")
@Outcome(
    id = "1, 0, 10, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "There was nothing to split; then it was promoted.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Each is done as a whole, or finds nothing to do.")
@State
public class PromoteAgainstDemote {
  private final TinyVm td = new TinyVm().acceptedSmall();

  /** Promotes. */
  @Actor
  public void promoter(LLLLL_Result result) {
    result.r1 = td.promote();
  }

  /** Splits. */
  @Actor
  public void splitter(LLLLL_Result result) {
    result.r2 = td.demote(td.secondWalker);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.calls(TdxLeaf.MEM_RANGE_BLOCK);
    result.r5 = td.violations();
  }
}
