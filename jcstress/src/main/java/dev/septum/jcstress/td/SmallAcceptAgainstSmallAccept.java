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
 * Two vCPUs accept one small page of a large one: both exits may be answered by a split. The large
 * page is mapped before.
 *
 * <p>Results: of each ACCEPT, leaves left, leaves split, violations, how often the exclusive lock
 * was taken.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.ACCEPT_4K)
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_ALREADY_ACCEPTED level0, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE,
    desc = "The first accepted it.")
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level0, SUCCESS, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE,
    desc = "The second accepted it.")
@Outcome(
    id = {
      "SUCCESS, PAGE_ALREADY_ACCEPTED level0, 2, 1, 0, 2",
      "PAGE_ALREADY_ACCEPTED level0, SUCCESS, 2, 1, 0, 2"
    },
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the large page; one of them split it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The large page is split once, and the small one accepted once.")
@State
public class SmallAcceptAgainstSmallAccept {
  private final TinyVm td = new TinyVm().pending();

  /** Accepts. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_4K);
  }

  /** Accepts. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = td.accept(td.second, 0, PageLevel.LEVEL_4K);
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
