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
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest accepts a small page of a large one, which its fault splits, with faults going on;
 * another fault splits it too.
 *
 * <p>Results: of ACCEPT, of the fault, leaves left, leaves split, violations, whether one met the
 * other.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.SPLIT_SHARED)
@JCStressTest
@Outcome(
    id = "SUCCESS, SPURIOUS, 2, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One of them split the page, the other found a small one.")
@Outcome(
    id = "SUCCESS, RETRY, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The other came while the guest had the page split.")
@Outcome(
    id = "SUCCESS, SPURIOUS, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came while the other had the page split.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The page is split once, and the guest accepts its part.")
@State
public class SmallAcceptAgainstSharedDemote {
  private final TinyVm td = new TinyVm(AcceptPolicy.SHARED).pending();

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_4K);
  }

  /** Wants a small page. */
  @Actor
  public void other(LLLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_4K, true);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
