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
 * A guest reads a small page, while the host promotes its block, and a fault splits it by the table
 * that came back: there is no other.
 *
 * <p>Results: what was read, tables promoted, of the fault, leaves left, violations, faults that
 * found their page or were to look again.
 */
@Race(
    tree = Tree.MIRROR,
    first = Operation.TRANSLATE,
    second = Operation.TABLE_REUSE,
    unseen = "a guest walks the Secure EPT, and never stands in a table of the mirror")
@JCStressTest
@Outcome(
    id = "1, 1, SPURIOUS, 2, 0, 1",
    expect = Expect.ACCEPTABLE,
    desc = "Read without a fault; the one fault is that which splits.")
@Outcome(
    id = "1, 1, SPURIOUS, 2, 0, 2",
    expect = Expect.ACCEPTABLE,
    desc = "The guest found the table blocked, and waited until it was a leaf, or a table again.")
@Outcome(
    id = {"1, 1, FULL, 10, 0, 0", "1, 1, FULL, 10, 0, 1"},
    expect = Expect.ACCEPTABLE,
    desc = "The guest was in its section for long: the split gave up waiting for the table.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Whatever becomes of the mirror's table, the guest reads its page.")
@State
public class LoadAgainstTableReuse {
  private final TinyVm td =
      new TinyVm(AcceptPolicy.SHARED, TinyVm.ROOTS_AND_ONE_TABLE).acceptedSmall().stored(1, 1);

  /** Reads. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.load(td.second, 1);
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
