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
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * The host finds mapped what it wants to map before anybody touches it, while the host promotes its
 * block, and a fault splits it by the table that came back: there is no other.
 *
 * <p>Results: of the first fault, tables promoted, of the fault that splits, leaves left,
 * violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.PREFAULT, second = Operation.TABLE_REUSE)
@JCStressTest
@Outcome(
    id = "SPURIOUS, 1, SPURIOUS, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Found before, between or behind.")
@Outcome(
    id = "RETRY, 1, SPURIOUS, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Came while the page was split.")
@Outcome(
    id = "SPURIOUS, 1, FULL, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc =
        "The first fault was in its section for long, or had the table: the split gave up waiting.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A table is not used again while somebody may stand in it.")
@State
public class PrefaultAgainstTableReuse {
  private final TinyVm td =
      new TinyVm(AcceptPolicy.SHARED, TinyVm.ROOTS_AND_ONE_TABLE).acceptedSmall();

  /** Maps the block. */
  @Actor
  public void finder(LLLLL_Result result) {
    result.r1 = td.prefault(td.firstWalker, 1);
  }

  /** Promotes, and uses the table again. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.promote();
    result.r3 = td.split(td.secondWalker, 0);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = td.leaves();
    result.r5 = td.violations();
  }
}
