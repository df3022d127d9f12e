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
 * A guest accepts the second of two small pages, while the host punches a hole that is both.
 *
 * <p>Results: of ACCEPT, leaves removed, leaves left, what is in the first page, violations,
 * whether the guest found the pages going.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.HOLE_PUNCH)
@JCStressTest
@Outcome(
    id = "SUCCESS, 2, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted; then the pages were taken away.")
@Outcome(
    id = "SUCCESS, 2, 1, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Taken away; then the guest got and accepted new memory.")
@Outcome(
    id = "SUCCESS, 2, 1, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found its page going, waited, and accepted new memory.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Both pages go, once, with what was in them, and an ACCEPT always comes to its end.")
@State
public class SmallAcceptAgainstHole {
  private final TinyVm td = new TinyVm().acceptedHalf().stored(0, 5);

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.second, 1, PageLevel.LEVEL_4K);
  }

  /** Punches a hole. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.host.punchHole(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.content(0);
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
