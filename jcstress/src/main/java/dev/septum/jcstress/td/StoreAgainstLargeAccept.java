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
 * A guest writes to a large page that another vCPU accepts, which zeroes it. Nothing is mapped
 * before.
 *
 * <p>Results: of the write, of ACCEPT, what is in the page, leaves left, violations, whether one
 * met the fault of the other.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.ACCEPT_2M)
@JCStressTest
@Outcome(
    id = "NONE, SUCCESS, 7, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted; then written.")
@Outcome(
    id = "UNACCEPTED, SUCCESS, 0, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The write was not made; then the page was accepted.")
@Outcome(
    id = {"NONE, SUCCESS, 7, 10, 0, 1", "UNACCEPTED, SUCCESS, 0, 10, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One came while the other had the page added.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "What is written is behind the ACCEPT, and is not zeroed.")
@State
public class StoreAgainstLargeAccept {
  private final TinyVm td = new TinyVm();

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 1, 7);
  }

  /** Accepts. */
  @Actor
  public void accepter(LLLLLL_Result result) {
    result.r2 = td.accept(td.second, 0, PageLevel.LEVEL_2M);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.content(1);
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
