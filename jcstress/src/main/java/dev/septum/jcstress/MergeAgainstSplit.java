package dev.septum.jcstress;

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
 * One thread merges a full table while another splits whatever large leaf it finds there.
 *
 * <p>Results: tables merged, leaves split, leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Outcome(id = "1, 1, 2, 0, 0", expect = Expect.ACCEPTABLE, desc = "Merged, then split again.")
@Outcome(
    id = "1, 0, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "There was nothing to split; then it was merged.")
@Outcome(
    id = "1, 1, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "Split while the merge was still freezing the dead table: a late flag walked from the root.")
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
