package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import dev.septum.trace.MmuCounter;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A fault at 2M merges a full table, while another thread merges it by range.
 *
 * <p>Results: of the fault, tables merged by range, tables merged in all, leaves left, violations,
 * whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_2M, second = Operation.MERGE)
@Outcome(
    id = "SPURIOUS, 0, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged by the fault; the range has nothing to merge.")
@Outcome(
    id = "SPURIOUS, 1, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged by range; the fault finds the large leaf.")
@Outcome(
    id = "RETRY, 1, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The fault came by the dead table, and met a frozen entry: it is to be done again.")
@Outcome(
    id = "SPURIOUS, 0, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the table full; the CAS was the fault's.")
@Outcome(
    id = "SPURIOUS, 1, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the table full; the CAS was the range's.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A table is merged once, and dies once.")
@State
public class LargeFaultAgainstMerge {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table that nobody has touched. */
  public LargeFaultAgainstMerge() {
    tree.fillBlock(first);
  }

  /** Faults a read at 2M. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Merges. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = tree.merge(second, TinyTree.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = (int) tree.mmu.counters().sum(MmuCounter.MERGES);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
