package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.td.AcceptPolicy;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A fault wants a small page, and splits what is larger, while the host promotes its block, and a
 * fault splits it by the table that came back: there is no other.
 *
 * <p>Results: of the first fault, tables promoted, of the other, leaves left, leaves split,
 * violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.SPLIT_SHARED, second = Operation.TABLE_REUSE)
@JCStressTest
@Outcome(
    id = "SPURIOUS, 1, SPURIOUS, 2, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One of them split the page, the other found a small one.")
@Outcome(
    id = {"RETRY, 1, SPURIOUS, 2, 1, 0", "SPURIOUS, 1, RETRY, 2, 1, 0"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One came while the other split the page.")
@Outcome(
    id = {
      "FULL, 1, SPURIOUS, 2, 1, 0",
      "SPURIOUS, 1, FULL, 2, 1, 0",
      "SPURIOUS, 1, FULL, 10, 0, 0"
    },
    expect = Expect.ACCEPTABLE,
    desc =
        "One of them waited long for the one table, which the other held, or stood in, and gave up.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The table is used once, and the page split once.")
@State
public class SharedDemoteAgainstTableReuse {
  private final TinyVm td =
      new TinyVm(AcceptPolicy.SHARED, TinyVm.ROOTS_AND_ONE_TABLE).acceptedSmall();

  /** Wants a small page. */
  @Actor
  public void splitter(LLLLLL_Result result) {
    result.r1 = td.split(td.firstWalker, 1);
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
    result.r5 = td.splits();
    result.r6 = td.violations();
  }
}
