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
import org.openjdk.jcstress.infra.results.IIIIII_Result;

/**
 * One thread splits a large leaf that nobody has touched, under the exclusive lock; hardware sets D
 * for a write to one gfn of it.
 *
 * <p>Results: leaves split, whether the access was allowed (1), A and D of each gfn afterwards (two
 * digits each), violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_EXCLUSIVE, second = Operation.ACCESS_D)
@Outcome(
    id = "1, 1, 11, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accessed, then split: both children have D.")
@Outcome(
    id = "1, 1, 0, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split, then accessed: the one child has D.")
@Outcome(
    id = "1, 1, 11, 11, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The access's CAS came between the split's look and its CAS: the table was filled again.")
@Outcome(
    id = "1, 1, 0, 11, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The split's CAS came between the walk's look and its CAS: the walk began again at the"
            + " root.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "An access that was allowed leaves D on its gfn: the exclusive lock keeps no hardware out.")
@State
public class SplitAloneAgainstDirtyWrite {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf that nobody has touched. */
  public SplitAloneAgainstDirtyWrite() {
    tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_2M);
  }

  /** Splits. */
  @Actor
  public void first(IIIIII_Result result) {
    result.r1 = tree.splitAlone(first, TinyTree.BLOCK);
  }

  /** Writes to the second gfn. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r2 = tree.access(second, 1, Access.WRITE) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r3 = tree.flags(first, 0);
    result.r4 = tree.flags(first, 1);
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
