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
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A write fault of a block at 2M while another thread maps it in advance, large.
 *
 * <p>Results: of the fault, pages mapped in advance, A and D afterwards (two digits), leaves left,
 * violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_2M, second = Operation.PREFAULT)
@Outcome(
    id = "FIXED, 2, 11, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Faulted in; there was nothing to map in advance.")
@Outcome(
    id = "SPURIOUS, 2, 0, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Mapped in advance; the fault found it, and hardware sets A and D later.")
@Outcome(
    id = "FIXED, 2, 11, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The CAS of what maps in advance met the fault's leaf.")
@Outcome(
    id = "SPURIOUS, 2, 0, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The fault's CAS met the leaf mapped in advance.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The block is mapped once.")
@State
public class LargeFaultAgainstPrefault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Faults a write of the first gfn. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.WRITE, PageLevel.PG_2M);
  }

  /** Maps the block. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = tree.prefault(second, TinyTree.BLOCK, PageLevel.PG_2M);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = tree.flags(first, 0);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
