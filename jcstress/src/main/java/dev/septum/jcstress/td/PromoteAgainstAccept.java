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
 * A guest accepts the last small page of a block that the host promotes.
 *
 * <p>Results: of ACCEPT, tables promoted, refusals of the module, leaves left, violations, whether
 * the guest had to wait for the host.
 */
@Race(tree = Tree.MIRROR, first = Operation.PROMOTE, second = Operation.ACCEPT_4K)
@JCStressTest
@Outcome(
    id = "SUCCESS, 1, 0, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted, then promoted.")
@Outcome(
    id = "SUCCESS, 0, 1, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The module refused what is accepted in part; then the rest was accepted.")
@Outcome(
    id = "SUCCESS, 0, 1, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the table blocked, waited until it was unblocked, and accepted.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Only what is accepted as a whole is promoted, and no ACCEPT is lost.")
@State
public class PromoteAgainstAccept {
  private final TinyVm td = new TinyVm().acceptedHalf();

  /** Accepts. */
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
    result.r3 = td.host.refusedPromotions();
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.faulted();
  }
}
