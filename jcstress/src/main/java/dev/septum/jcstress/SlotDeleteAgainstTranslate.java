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
import org.openjdk.jcstress.infra.results.IIII_Result;

/**
 * One thread deletes a slot that nobody has touched, another thread translates a gfn of it again
 * and again.
 *
 * <p>Results: the levels at which the gfn was found at first and at last, leaves left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SLOT_DELETE, second = Operation.TRANSLATE)
@Outcome(id = "2, 2, 0, 0", expect = Expect.ACCEPTABLE, desc = "Translated before the leaf went.")
@Outcome(id = "0, 0, 0, 0", expect = Expect.ACCEPTABLE, desc = "Translated after the leaf went.")
@Outcome(
    id = "2, 0, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The leaf went between two of the walks.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Where nothing is mapped any more, nothing is found.")
@State
public class SlotDeleteAgainstTranslate {
  private final TinyMachine machine = new TinyMachine();
  private final TinyTree tree = machine.tree;
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf that nobody has touched. */
  public SlotDeleteAgainstTranslate() {
    tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_2M);
  }

  /** Deletes the slot. */
  @Actor
  public void first() {
    machine.deleteSlot();
  }

  /** Translates, and again. */
  @Actor
  public void second(IIII_Result result) {
    second.section().open();
    result.r1 = tree.levelOf(second, 1);
    result.r2 = tree.levelOfLater(second, 1);
    second.section().close();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIII_Result result) {
    result.r3 = tree.leaves();
    result.r4 = machine.violations();
  }
}
