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
 * A fault maps a block by one large leaf, another thread translates a gfn of it again and again.
 *
 * <p>Results: of the fault, the levels at which the gfn was found at first and at last, leaves
 * left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_2M, second = Operation.TRANSLATE)
@Outcome(
    id = "FIXED, 0, 0, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Translated before it was mapped.")
@Outcome(
    id = "FIXED, 2, 2, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Translated after it was mapped.")
@Outcome(
    id = "FIXED, 0, 2, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was mapped between two of the walks.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The whole block comes at once, and stays.")
@State
public class LargeFaultAgainstTranslate {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Faults a read at 2M. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Translates, and again. */
  @Actor
  public void second(LLLLL_Result result) {
    second.section().open();
    result.r2 = tree.levelOf(second, 1);
    result.r3 = tree.levelOfLater(second, 1);
    second.section().close();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
