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
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * A guest accepts the second of two small pages, while the host removes both in one batch: between
 * the first block and the last removal an ACCEPT finds its page blocked, and exits.
 *
 * <p>Results: of the ACCEPT, leaves removed, leaves left, violations, whether the guest found the
 * pages being removed.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.ZAP)
@JCStressTest
@Outcome(
    id = "SUCCESS, 2, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted; then the pages were taken away.")
@Outcome(
    id = "SUCCESS, 2, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Taken away; then the guest got and accepted new memory.")
@Outcome(
    id = "SUCCESS, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found its page going, waited, and accepted new memory.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Both pages are removed, once, and an ACCEPT always comes to its end.")
@State
public class AcceptAgainstBatchedZap {
  private final TinyVm td = new TinyVm().acceptedHalf();

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(td.first, 1, PageLevel.LEVEL_4K);
  }

  /** Removes both pages. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.vm.zap(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
  }
}
