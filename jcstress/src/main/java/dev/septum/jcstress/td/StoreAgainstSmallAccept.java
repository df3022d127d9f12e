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
 * A guest writes to a small page that another vCPU accepts, which zeroes it. Nothing is mapped
 * before: the write alone would have a large page mapped.
 *
 * <p>Results: of the write, of ACCEPT, what is in the page, leaves left, leaves split, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.ACCEPT_4K)
@JCStressTest
@Outcome(
    id = "NONE, SUCCESS, 7, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Mapped small and accepted; then written.")
@Outcome(
    id = "UNACCEPTED, SUCCESS, 0, 2, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Mapped large for the write, which was not made; then split and accepted.")
@Outcome(
    id = "UNACCEPTED, SUCCESS, 0, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The write came when the small page was mapped, or about to be, and not accepted.")
@Outcome(
    id = "NONE, SUCCESS, 7, 2, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Mapped large for the write; split and accepted before it was tried again.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "What is written is behind the ACCEPT, and is not zeroed.")
@State
public class StoreAgainstSmallAccept {
  private final TinyVm td = new TinyVm();

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 0, 7);
  }

  /** Accepts. */
  @Actor
  public void accepter(LLLLLL_Result result) {
    result.r2 = td.accept(td.second, 0, PageLevel.LEVEL_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.content(0);
    result.r4 = td.leaves();
    result.r5 = td.splits();
    result.r6 = td.violations();
  }
}
