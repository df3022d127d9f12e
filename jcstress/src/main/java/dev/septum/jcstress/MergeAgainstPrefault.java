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
 * One thread merges, twice, a table that becomes full only when another maps its second page in
 * advance.
 *
 * <p>Results: tables merged at the first and at the second try, pages mapped in advance, leaves
 * left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.MERGE, second = Operation.PREFAULT)
@Outcome(
    id = "0, 0, 2, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The table was not full, and stayed.")
@Outcome(id = "1, 0, 2, 10, 0", expect = Expect.ACCEPTABLE, desc = "Filled, then merged.")
@Outcome(
    id = "0, 1, 2, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The table became full between the two tries.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Only a full table is merged, and no page is mapped in one that is dead.")
@State
public class MergeAgainstPrefault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the first page. */
  public MergeAgainstPrefault() {
    tree.prefetch(first, 0);
  }

  /** Merges, and tries again. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
    result.r2 = tree.merge(first, TinyTree.BLOCK);
  }

  /** Maps the block. */
  @Actor
  public void second(IIIII_Result result) {
    result.r3 = tree.prefault(second, TinyTree.BLOCK, PageLevel.PG_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
