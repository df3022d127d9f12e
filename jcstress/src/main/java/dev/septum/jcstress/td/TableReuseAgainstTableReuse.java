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
 * Two threads of the host each promote a block, and split it by a fault, with the table that came
 * back: there is no other.
 *
 * <p>Results: tables that the first promoted, of its fault, those of the second, of its fault,
 * leaves left, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.TABLE_REUSE, second = Operation.TABLE_REUSE)
@JCStressTest
@Outcome(
    id = "1, SPURIOUS, 1, SPURIOUS, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One behind the other: the table was used twice.")
@Outcome(
    id = {"1, SPURIOUS, 0, SPURIOUS, 2, 0", "0, SPURIOUS, 1, SPURIOUS, 2, 0"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One promoted; then both split, or found it split.")
@Outcome(
    id = {
      "1, SPURIOUS, 0, RETRY, 2, 0",
      "1, RETRY, 0, SPURIOUS, 2, 0",
      "0, SPURIOUS, 1, RETRY, 2, 0",
      "0, RETRY, 1, SPURIOUS, 2, 0"
    },
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One promoted, and one came while the other split.")
@Outcome(
    id = {
      "1, SPURIOUS, 0, FULL, 2, 0",
      "1, FULL, 0, SPURIOUS, 2, 0",
      "0, SPURIOUS, 1, FULL, 2, 0",
      "0, FULL, 1, SPURIOUS, 2, 0"
    },
    expect = Expect.ACCEPTABLE,
    desc = "One promoted; one waited long for the one table, which the other held, and gave up.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The table is used for one thing at a time.")
@State
public class TableReuseAgainstTableReuse {
  private final TinyVm td =
      new TinyVm(AcceptPolicy.SHARED, TinyVm.ROOTS_AND_ONE_TABLE).acceptedSmall();

  /** Promotes, and uses the table again. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = td.promote();
    result.r2 = td.split(td.firstWalker, 0);
  }

  /** Promotes, and uses the table again. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r3 = td.promote();
    result.r4 = td.split(td.secondWalker, 1);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r5 = td.leaves();
    result.r6 = td.violations();
  }
}
