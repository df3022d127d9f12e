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
 * One thread merges a full table while another splits, twice, whatever large leaf it finds there.
 *
 * <p>Results: tables merged, leaves split at the first and at the second try, leaves left,
 * violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.MERGE, second = Operation.SPLIT_SHARED)
@Outcome(id = "1, 1, 0, 2, 0", expect = Expect.ACCEPTABLE, desc = "Merged, then split again.")
@Outcome(
    id = "1, 0, 0, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "There was nothing to split; then it was merged.")
@Outcome(
    id = "1, 0, 1, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The merge's CAS came between the two tries; the dead table may still be freezing.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Either the leaf or the table is there, whole, and the counts agree.")
@State
public class MergeAgainstSplit {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table. */
  public MergeAgainstSplit() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_4K);
    tree.fault(first, 1, Access.READ, PageLevel.PG_4K);
  }

  /** Merges. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
  }

  /** Splits, and tries again. */
  @Actor
  public void second(IIIII_Result result) {
    result.r2 = tree.split(second, TinyTree.BLOCK);
    result.r3 = tree.split(second, TinyTree.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
