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
import org.openjdk.jcstress.infra.results.IIII_Result;

/**
 * Two threads translate one gfn.
 *
 * <p>Results: the levels at which it was found, leaves left, violations.
 */
@JCStressTest
@Race(
    tree = Tree.DIRECT,
    first = Operation.TRANSLATE,
    second = Operation.TRANSLATE,
    unseen = "both only read.")
@Outcome(
    id = "1, 1, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Both find the leaf; neither changes it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A walk changes nothing.")
@State
public class TranslateAgainstTranslate {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table that nobody has touched. */
  public TranslateAgainstTranslate() {
    tree.fillBlock(first);
  }

  /** Translates. */
  @Actor
  public void first(IIII_Result result) {
    first.section().open();
    result.r1 = tree.levelOf(first, 1);
    first.section().close();
  }

  /** Translates. */
  @Actor
  public void second(IIII_Result result) {
    second.section().open();
    result.r2 = tree.levelOf(second, 1);
    second.section().close();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIII_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
  }
}
