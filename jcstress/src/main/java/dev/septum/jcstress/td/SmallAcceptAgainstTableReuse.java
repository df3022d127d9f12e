package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest accepts a small page once more, while the host promotes its block, and a fault splits it
 * by the table that came back: there is no other. If ACCEPT is an exit, its fault splits too.
 *
 * <p>Results: of ACCEPT, tables promoted, of the fault, leaves left, violations, faults that found
 * their page or were to look again.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.TABLE_REUSE)
@JCStressTest
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level0, 1, SPURIOUS, 2, 0, 1",
    expect = Expect.ACCEPTABLE,
    desc = "The guest found the small page, before or behind.")
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level1, 1, SPURIOUS, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the large page in between.")
@Outcome(
    id = {
      "PAGE_ALREADY_ACCEPTED level0, 1, SPURIOUS, 2, 0, 2",
      "PAGE_ALREADY_ACCEPTED level0, 1, RETRY, 2, 0, 2"
    },
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The guest found the table blocked, and its exit waited, and split the page or found it split.")
@Outcome(
    id = {
      "PAGE_ALREADY_ACCEPTED level0, 1, FULL, 10, 0, 0",
      "PAGE_ALREADY_ACCEPTED level1, 1, FULL, 10, 0, 0",
      "FULL, 1, SPURIOUS, 2, 0, 1",
      "PAGE_ALREADY_ACCEPTED level0, 1, FULL, 2, 0, 1"
    },
    expect = Expect.ACCEPTABLE,
    desc =
        "One of them waited long for the one table, which the other held, or stood in, and gave up.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "A table is not used again while somebody may stand in it, and what is accepted stays so.")
@State
public class SmallAcceptAgainstTableReuse {
  private final TinyVm td =
      new TinyVm(AcceptPolicy.SHARED, TinyVm.ROOTS_AND_ONE_TABLE).acceptedSmall();

  /** Accepts once more. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 1, PageLevel.LEVEL_4K);
  }

  /** Promotes, and uses the table again. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.promote();
    result.r3 = td.split(td.secondWalker, 0);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.faultsAgain();
  }
}
