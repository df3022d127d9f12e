package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * A fault splits a large private page that another fault touches.
 *
 * <p>Results: of the fault that splits, of the other, leaves left, leaves split, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.SPLIT_SHARED, second = Operation.FAULT_2M)
@JCStressTest
@Outcome(
    id = "SPURIOUS, SPURIOUS, 2, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The other found the page, whole or in parts.")
@Outcome(
    id = "SPURIOUS, RETRY, 2, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The other came while the page was split.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is split once, and never away.")
@State
public class SharedDemoteAgainstFault {
  private final TinyVm td = new TinyVm(AcceptPolicy.SHARED).pending();

  /** Wants a small page. */
  @Actor
  public void splitter(LLLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_4K, true);
  }

  /** Wants a page of any size. */
  @Actor
  public void other(LLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_2M, false);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
  }
}
