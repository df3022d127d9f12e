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
import org.openjdk.jcstress.infra.results.IIIII_Result;

/**
 * Two threads split one large leaf under the shared lock.
 *
 * <p>Results: leaves split by each, leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_SHARED, second = Operation.SPLIT_SHARED)
@Outcome(
    id = "1, 0, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first is done before the second looks.")
@Outcome(
    id = "0, 1, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second is done before the first looks.")
@Outcome(
    id = "1, 0, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both filled a table; the CAS was the first's, and the second gave its table back.")
@Outcome(
    id = "0, 1, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both filled a table; the CAS was the second's, and the first gave its table back.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A leaf is split once, into as many as it covers, and the tree is sound.")
@State
public class SplitAgainstSplit {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf. */
  public SplitAgainstSplit() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Splits. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.split(first, TinyTree.BLOCK);
  }

  /** Splits. */
  @Actor
  public void second(IIIII_Result result) {
    result.r2 = tree.split(second, TinyTree.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
    result.r5 = tree.raced();
  }
}
