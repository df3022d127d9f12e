package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIII_Result;

/**
 * Two threads merge one full table.
 *
 * <p>Results: tables merged by each, leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.MERGE, second = Operation.MERGE)
@Outcome(
    id = "1, 0, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first is done before the second looks.")
@Outcome(
    id = "0, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second is done before the first looks.")
@Outcome(
    id = "1, 0, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the table full; the CAS was the first's.")
@Outcome(
    id = "0, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the table full; the CAS was the second's.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A table is merged once, and dies once.")
@State
public class MergeAgainstMerge {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table that nobody has touched. */
  public MergeAgainstMerge() {
    tree.fillBlock(first);
  }

  /** Merges. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
  }

  /** Merges. */
  @Actor
  public void second(IIIII_Result result) {
    result.r2 = tree.merge(second, TinyTree.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
    result.r5 = tree.raced();
  }
}
