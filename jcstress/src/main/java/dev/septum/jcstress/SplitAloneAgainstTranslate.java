package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIII_Result;

/**
 * One thread splits a large leaf under the exclusive lock, another translates a gfn of it again and
 * again.
 *
 * <p>Results: leaves split, the levels at which the gfn was found at first and at last, leaves
 * left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.TRANSLATE)
@Outcome(id = "1, 2, 2, 2, 0", expect = Expect.ACCEPTABLE, desc = "Translated, then split.")
@Outcome(id = "1, 1, 1, 2, 0", expect = Expect.ACCEPTABLE, desc = "Split, then translated.")
@Outcome(
    id = "1, 2, 1, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The split's CAS came between two of the walks.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The gfn is mapped to its frame all the time, and no walk finds the leaf whole again.")
@State
public class SplitAloneAgainstTranslate {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf that nobody has touched. */
  public SplitAloneAgainstTranslate() {
    tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_2M);
  }

  /** Splits. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.splitAlone(first, TinyTree.BLOCK);
  }

  /** Translates, and again. */
  @Actor
  public void second(IIIII_Result result) {
    second.section().open();
    result.r2 = tree.levelOf(second, 1);
    result.r3 = tree.levelOfLater(second, 1);
    second.section().close();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
