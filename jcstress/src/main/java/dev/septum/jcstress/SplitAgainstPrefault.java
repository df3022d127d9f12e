package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.PageLevel;
import dev.septum.trace.MmuCounter;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIIII_Result;

/**
 * One thread splits a large leaf by range, another wants the block mapped in advance, small.
 *
 * <p>Results: leaves split by range, leaves split in all, pages mapped, leaves left, violations,
 * whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_SHARED, second = Operation.PREFAULT)
@Outcome(
    id = "1, 1, 2, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split by range; the small leaves are found.")
@Outcome(
    id = "0, 1, 2, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split for the first page; the range has nothing to split.")
@Outcome(
    id = "1, 1, 2, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both filled a table; the CAS was the range's.")
@Outcome(
    id = "0, 1, 2, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both filled a table; the range lost.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The leaf is split once, and both pages stay mapped.")
@State
public class SplitAgainstPrefault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf that nobody has touched. */
  public SplitAgainstPrefault() {
    tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_2M);
  }

  /** Splits. */
  @Actor
  public void first(IIIIII_Result result) {
    result.r1 = tree.split(first, TinyTree.BLOCK);
  }

  /** Maps the block. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r3 = tree.prefault(second, TinyTree.BLOCK, PageLevel.PG_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r2 = (int) tree.mmu.counters().sum(MmuCounter.SPLITS);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
