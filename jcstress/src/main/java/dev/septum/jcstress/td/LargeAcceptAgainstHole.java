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
 * A guest accepts a large page, while the host punches a hole that is half of it: so the page is
 * split first.
 *
 * <p>Results: of ACCEPT, leaves removed, leaves left, leaves split, violations, whether the guest
 * found the page going.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.HOLE_PUNCH)
@JCStressTest
@Outcome(
    id = "SUCCESS, 1, 1, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted; then split, and one half taken away.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, 1, 1, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split: the guest is to accept small pages.")
@Outcome(
    id = {"PAGE_SIZE_MISMATCH level1, 1, 2, 1, 0, 0", "PAGE_SIZE_MISMATCH level1, 1, 2, 1, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the page blocked; its fault mapped what is behind the hole now, small.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is split once, and one half of it goes.")
@State
public class LargeAcceptAgainstHole {
  private final TinyVm td = new TinyVm().pending();

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Punches a hole. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.host.punchHole(TinyVm.FIRST_PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
