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
import org.openjdk.jcstress.infra.results.LLLLLLL_Result;

/**
 * A write fault of a gfn while another thread maps its block in advance, small.
 *
 * <p>Results: of the fault, pages mapped in advance, A and D of each gfn afterwards (two digits
 * each), leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_4K, second = Operation.PREFAULT)
@Outcome(
    id = "FIXED, 2, 11, 0, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Faulted in; the page beside it was mapped in advance.")
@Outcome(
    id = "SPURIOUS, 2, 0, 0, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Mapped in advance; the fault found it, and hardware sets A and D later.")
@Outcome(
    id = "FIXED, 2, 11, 0, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both wanted the table or the leaf; the fault has the leaf.")
@Outcome(
    id = "SPURIOUS, 2, 0, 0, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both wanted the table or the leaf; the leaf was mapped in advance.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Each page is mapped once, and only the fault touches one.")
@State
public class FaultAgainstPrefault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Faults a write of the first gfn. */
  @Actor
  public void first(LLLLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.WRITE, PageLevel.PG_4K);
  }

  /** Maps the block. */
  @Actor
  public void second(LLLLLLL_Result result) {
    result.r2 = tree.prefault(second, TinyTree.BLOCK, PageLevel.PG_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLLL_Result result) {
    result.r3 = tree.flags(first, 0);
    result.r4 = tree.flags(first, 1);
    result.r5 = tree.leaves();
    result.r6 = tree.violations();
    result.r7 = tree.raced();
  }
}
