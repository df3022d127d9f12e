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
 * A guest reads a small page that another vCPU accepts. Nothing is mapped before: the read alone
 * would have a large page mapped.
 *
 * <p>Results: what was read, of ACCEPT, leaves left, leaves split, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.ACCEPT_4K)
@JCStressTest
@Outcome(
    id = "0, SUCCESS, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Mapped small and accepted; then read.")
@Outcome(
    id = "UNACCEPTED, SUCCESS, 2, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Mapped large for the read; then split and accepted.")
@Outcome(
    id = "UNACCEPTED, SUCCESS, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The read came when the small page was mapped, or about to be, and not accepted.")
@Outcome(
    id = "0, SUCCESS, 2, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Mapped large for the read; split and accepted before it was tried again.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What is read is accepted, and zero.")
@State
public class LoadAgainstSmallAccept {
  private final TinyVm td = new TinyVm();

  /** Reads. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.load(td.first, 0);
  }

  /** Accepts. */
  @Actor
  public void accepter(LLLLL_Result result) {
    result.r2 = td.accept(td.second, 0, PageLevel.LEVEL_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
  }
}
