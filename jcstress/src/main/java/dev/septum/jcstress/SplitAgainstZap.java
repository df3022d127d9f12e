package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIII_Result;

/**
 * One thread splits a large leaf under the shared lock, another zaps one gfn of it under the
 * exclusive lock.
 *
 * <p>Results: leaves split, leaves zapped, leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.SPLIT_SHARED, second = Operation.ZAP)
@Outcome(
    id = "1, 1, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split, then zapped: only the small leaf of the gfn went.")
@Outcome(
    id = "0, 1, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Zapped as a whole; nothing was left to split.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The lock keeps the two apart: no zap sees half a split, and none loses a race.")
@State
public class SplitAgainstZap {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf. */
  public SplitAgainstZap() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Splits. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.split(first, TinyTree.BLOCK);
  }

  /** Zaps one gfn. */
  @Actor
  public void second(IIIII_Result result) {
    result.r2 = tree.zap(second, GfnRange.ofPages(1, 1));
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
    result.r5 = tree.raced();
  }
}
