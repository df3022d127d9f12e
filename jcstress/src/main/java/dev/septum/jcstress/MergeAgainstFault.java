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
 * One thread merges a full table, a fault of another wants one of its pages, small.
 *
 * <p>Results: tables merged, the fault's result, leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.MERGE, second = Operation.FAULT_4K)
@Outcome(
    id = "1, SPURIOUS, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The fault found the small leaf, maybe in the dead table; it is merged.")
@Outcome(
    id = "1, SPURIOUS, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged; the fault split the large leaf.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The page is mapped all the time; a walk that meets a frozen entry begins again.")
@State
public class MergeAgainstFault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table. */
  public MergeAgainstFault() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_4K);
    tree.fault(first, 1, Access.READ, PageLevel.PG_4K);
  }

  /** Merges. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
  }

  /** Faults a read of the second gfn. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = tree.fault(second, 1, Access.READ, PageLevel.PG_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
    result.r5 = tree.raced();
  }
}
