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
 * One thread splits a large leaf by range, a fault of another wants a small mapping under it.
 *
 * <p>Results: leaves split by range, leaves split in all, the fault's result, leaves left,
 * violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_SHARED, second = Operation.FAULT_4K)
@Outcome(
    id = "1, 1, SPURIOUS, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split by range; the fault finds the small leaf.")
@Outcome(
    id = "0, 1, SPURIOUS, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split by the fault; the range has nothing to split.")
@Outcome(
    id = "1, 1, SPURIOUS, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both filled a table; the fault lost, and went on in the other's.")
@Outcome(
    id = "0, 1, SPURIOUS, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both filled a table; the range lost.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The leaf is split once, and the fault finds its access allowed.")
@State
public class SplitAgainstFault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf. */
  public SplitAgainstFault() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Splits. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = tree.split(first, TinyTree.BLOCK);
  }

  /** Faults a read at 4K. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r3 = tree.fault(second, 1, Access.READ, PageLevel.PG_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r2 = (int) tree.mmu.counters().sum(MmuCounter.SPLITS);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
