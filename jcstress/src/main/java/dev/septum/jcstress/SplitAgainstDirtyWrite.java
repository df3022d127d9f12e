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
 * One thread splits a clean large leaf, hardware sets D for a write to one gfn of it.
 *
 * <p>Results: leaves split, whether the write was allowed (1), whether each gfn is dirty afterwards
 * (two digits), violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_SHARED, second = Operation.ACCESS_D)
@Outcome(
    id = "1, 1, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written, then split: both children have D.")
@Outcome(
    id = "1, 1, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split, then written: the one child has D.")
@Outcome(
    id = "1, 1, 11, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The write's CAS came between the split's look and its CAS: the table was filled again.")
@Outcome(
    id = "1, 1, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The split's CAS came between the walk's look and its CAS: the walk began again at the root.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A write that was allowed leaves D on its gfn, whatever becomes of the leaf.")
@State
public class SplitAgainstDirtyWrite {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf. */
  public SplitAgainstDirtyWrite() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Splits. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.split(first, TinyTree.BLOCK);
  }

  /** Writes to the second gfn. */
  @Actor
  public void second(IIIII_Result result) {
    result.r2 = tree.write(second, 1) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r3 = (tree.isDirty(first, 0) ? 10 : 0) + (tree.isDirty(first, 1) ? 1 : 0);
    result.r4 = tree.violations();
    result.r5 = tree.raced();
  }
}
