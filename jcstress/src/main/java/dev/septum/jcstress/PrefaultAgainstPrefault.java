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
import org.openjdk.jcstress.infra.results.IIIIII_Result;

/**
 * Two threads map one block in advance, small.
 *
 * <p>Results: pages mapped by each, A and D of both gfns together (two digits), leaves left,
 * violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.PREFAULT, second = Operation.PREFAULT)
@Outcome(
    id = "2, 2, 0, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One found what the other had mapped.")
@Outcome(
    id = "2, 2, 0, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "Both wanted the table, or one of the leaves; who lost the CAS went on with what was"
            + " there.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Each page is mapped once, and none is touched.")
@State
public class PrefaultAgainstPrefault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block. */
  @Actor
  public void first(IIIIII_Result result) {
    result.r1 = tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_4K);
  }

  /** Maps the block. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r2 = tree.prefault(second, TinyTree.BLOCK, PageLevel.PG_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r3 = tree.flags(first, 0) + tree.flags(first, 1);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
