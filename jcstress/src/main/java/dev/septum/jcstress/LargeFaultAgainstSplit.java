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
 * A fault maps a block by one large leaf while another thread splits, twice, whatever large leaf it
 * finds there.
 *
 * <p>Results: of the fault, leaves split at the first and at the second try, leaves left,
 * violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_2M, second = Operation.SPLIT_SHARED)
@Outcome(
    id = "FIXED, 0, 0, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "There was nothing to split; then it was mapped.")
@Outcome(id = "FIXED, 1, 0, 2, 0", expect = Expect.ACCEPTABLE, desc = "Mapped, then split.")
@Outcome(
    id = "FIXED, 0, 1, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "It was mapped between the two tries.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The leaf is split once, or not at all, and the counts agree.")
@State
public class LargeFaultAgainstSplit {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Faults a read at 2M. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Splits, and tries again. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = tree.split(second, TinyTree.BLOCK);
    result.r3 = tree.split(second, TinyTree.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
