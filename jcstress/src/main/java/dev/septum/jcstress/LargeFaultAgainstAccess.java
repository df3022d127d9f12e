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
 * A fault at 2M merges a full table that nobody has touched, hardware sets A for a read of one gfn
 * of it.
 *
 * <p>Results: of the fault, whether the access was allowed (1), A and D of the leaf afterwards (two
 * digits), leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_2M, second = Operation.ACCESS_A)
@Outcome(
    id = "SPURIOUS, 1, 10, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One after the other, or the bit was set in the dead table and handed on to the leaf.")
@Outcome(
    id = "SPURIOUS, 1, 10, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The access met a frozen entry, or the late bit was set in the leaf by both sides at once.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "An access that was allowed is never lost in a dead table.")
@State
public class LargeFaultAgainstAccess {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table that nobody has touched. */
  public LargeFaultAgainstAccess() {
    tree.fillBlock(first);
  }

  /** Faults a read at 2M. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Reads the second gfn. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = tree.access(second, 1, Access.READ) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = tree.flags(first, 1);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
