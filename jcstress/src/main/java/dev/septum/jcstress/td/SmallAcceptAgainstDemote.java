package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest accepts a small page of a large one, while the host splits it.
 *
 * <p>Results: of ACCEPT, leaves that the host split, leaves left, leaves split, violations, how
 * often the guest had the exclusive lock taken.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.SPLIT_EXCLUSIVE)
@JCStressTest
@Outcome(
    id = "SUCCESS, 1, 2, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The host split the page; then the guest found a small one.")
@Outcome(
    id = "SUCCESS, 0, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE,
    desc = "The page was split for the guest; then the host found nothing to split.")
@Outcome(
    id = "SUCCESS, 1, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the page whole, or blocked, and the host split it first.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The page is split once, and the guest accepts its part.")
@State
public class SmallAcceptAgainstDemote {
  private final TinyVm td = new TinyVm().pending();

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_4K);
  }

  /** Splits. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.demote(td.secondWalker);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
    result.r6 = td.host.acceptSplits();
  }
}
