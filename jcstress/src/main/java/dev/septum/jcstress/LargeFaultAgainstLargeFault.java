package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * Two faults of one block that nothing maps, both at 2M.
 *
 * <p>Results: of each fault, leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_2M, second = Operation.FAULT_2M)
@Outcome(
    id = "FIXED, SPURIOUS, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second finds the first's leaf.")
@Outcome(
    id = "SPURIOUS, FIXED, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first finds the second's leaf.")
@Outcome(
    id = "FIXED, SPURIOUS, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second's CAS met the first's leaf.")
@Outcome(
    id = "SPURIOUS, FIXED, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first's CAS met the second's leaf.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One leaf is installed, once.")
@State
public class LargeFaultAgainstLargeFault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Faults a write of the first gfn. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.WRITE, PageLevel.PG_2M);
  }

  /** Faults a write of the second gfn. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = tree.fault(second, 1, Access.WRITE, PageLevel.PG_2M);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
    result.r5 = tree.raced();
  }
}
