package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * Two vCPUs accept one large page. Nothing is mapped before.
 *
 * <p>Results: of each ACCEPT, leaves left, pages added to the TD, violations, whether one met the
 * fault of the other.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.ACCEPT_2M)
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_ALREADY_ACCEPTED level1, 10, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first accepted it.")
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level1, SUCCESS, 10, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second accepted it.")
@Outcome(
    id = {
      "SUCCESS, PAGE_ALREADY_ACCEPTED level1, 10, 1, 0, 1",
      "PAGE_ALREADY_ACCEPTED level1, SUCCESS, 10, 1, 0, 1"
    },
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One came while the other was at the entry, or had the page added.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is added once, and accepted once.")
@State
public class LargeAcceptAgainstLargeAccept {
  private final TinyVm td = new TinyVm();

  /** Accepts. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Accepts. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = td.accept(td.second, 0, PageLevel.LEVEL_2M);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.done(TdxLeaf.MEM_PAGE_AUG);
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
