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
 * A guest reads a page of a large one that another vCPU accepts. Nothing is mapped before.
 *
 * <p>Results: what was read, of ACCEPT, leaves left, violations, whether one met the fault of the
 * other.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.ACCEPT_2M)
@JCStressTest
@Outcome(id = "0, SUCCESS, 10, 0, 0", expect = Expect.ACCEPTABLE, desc = "Accepted; then read.")
@Outcome(
    id = "UNACCEPTED, SUCCESS, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Nothing was read; then the page was accepted.")
@Outcome(
    id = {"0, SUCCESS, 10, 0, 1", "UNACCEPTED, SUCCESS, 10, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One came while the other had the page added.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What is read is accepted, and zero.")
@State
public class LoadAgainstLargeAccept {
  private final TinyVm td = new TinyVm();

  /** Reads. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.load(td.first, 1);
  }

  /** Accepts. */
  @Actor
  public void accepter(LLLLL_Result result) {
    result.r2 = td.accept(td.second, 0, PageLevel.LEVEL_2M);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
  }
}
