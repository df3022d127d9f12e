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
 * The host promotes a block, and a guest accepts a small page of it that it has accepted already:
 * if that is an exit, it is answered by a split.
 *
 * <p>Results: of ACCEPT, tables promoted, leaves left, whether a large page is inhibited, leaves
 * split, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.PROMOTE, second = Operation.ACCEPT_4K)
@JCStressTest
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level0, 1, 10, false, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Found the small page; then it was promoted.")
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level1, 1, 10, false, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Promoted; then the guest found the large page.")
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level0, 1, 2, true, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the table blocked: its exit waited, split the new leaf, and inhibits.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "What is large is not inhibited, and what is inhibited is small.")
@State
public class PromoteAgainstSplit {
  private final TinyVm td = new TinyVm().acceptedSmall();

  /** Accepts once more. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 1, PageLevel.LEVEL_4K);
  }

  /** Promotes. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.promote();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.isInhibited();
    result.r5 = td.splits();
    result.r6 = td.violations();
  }
}
