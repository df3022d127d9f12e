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
 * One thread maps a block in advance, small; another translates its second gfn again and again.
 *
 * <p>Results: pages mapped, the levels at which the gfn was found at first and at last, leaves
 * left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.PREFAULT, second = Operation.TRANSLATE)
@Outcome(
    id = "2, 0, 0, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Translated before the gfn was mapped.")
@Outcome(
    id = "2, 1, 1, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Translated after the gfn was mapped.")
@Outcome(
    id = "2, 0, 1, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The gfn was mapped between two of the walks.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page that was mapped stays mapped.")
@State
public class PrefaultAgainstTranslate {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_4K);
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
