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
 * One thread merges a full table, another translates a gfn of it twice.
 *
 * <p>Results: tables merged, the levels at which the gfn was found, leaves left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.MERGE, second = Operation.TRANSLATE)
@Outcome(id = "1, 1, 1, 10, 0", expect = Expect.ACCEPTABLE, desc = "Translated, then merged.")
@Outcome(id = "1, 2, 2, 10, 0", expect = Expect.ACCEPTABLE, desc = "Merged, then translated.")
@Outcome(
    id = "1, 1, 2, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The merge's CAS came between the two walks.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "The gfn is mapped to its frame all the time; a walk that meets a dead table begins again.")
@State
public class MergeAgainstTranslate {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table. */
  public MergeAgainstTranslate() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_4K);
    tree.fault(first, 1, Access.READ, PageLevel.PG_4K);
  }

  /** Merges. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
  }

  /** Translates twice. */
  @Actor
  public void second(IIIII_Result result) {
    second.section().open();
    result.r2 = tree.levelOf(second, 1);
    result.r3 = tree.levelOf(second, 1);
    second.section().close();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
