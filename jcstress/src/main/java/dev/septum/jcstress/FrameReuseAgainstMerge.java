package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.GfnRange;
import dev.septum.paging.PageLevel;
import dev.septum.trace.MmuCounter;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * One thread merges a table away and uses it again to split a large leaf for a page of it; another
 * merges whatever is full.
 *
 * <p>Results: of the fault that uses the table again (FULL where it found none), tables merged by
 * the other, tables merged in all, leaves left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.TABLE_REUSE, second = Operation.MERGE)
@Outcome(
    id = "SPURIOUS, 1, 1, 12, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged by the other; the table split the other block.")
@Outcome(
    id = "SPURIOUS, 1, 2, 20, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged, used again, and then merged from where it was.")
@Outcome(
    id = "SPURIOUS, 0, 1, 12, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The other came between the merge and the fault, when nothing was full; or its CAS failed.")
@Outcome(
    id = "SPURIOUS, 2, 2, 20, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The other merged the table in both places.")
@Outcome(
    id = "RETRY, 1, 2, 20, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The other merged the table where it was used again, with the fault still in it: that is"
            + " to be done again.")
@Outcome(
    id = "RETRY, 2, 2, 20, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The same, and it was the other that had merged it before.")
@Outcome(
    id = "FULL, 1, 1, 20, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "Merged by the other, which was not yet done with the table when the fault wanted it, or"
            + " had its section open for long.")
@Outcome(
    id = "FULL, 0, 1, 20, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The section of the other was open for so long that the fault gave up waiting for the"
            + " table.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A table is merged once for each time that it was full.")
@State
public class FrameReuseAgainstMerge {
  private final TinyTree tree = new TinyTree(TinyTree.ROOT_AND_ONE_TABLE);
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps one block by a full table, the other by a large leaf; then no table is left. */
  public FrameReuseAgainstMerge() {
    tree.fillBlock(first);
    tree.prefault(first, TinyTree.OTHER_BLOCK, PageLevel.PG_2M);
  }

  /** Merges the one block, and maps a page of the other by the same table. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = tree.reuse(first);
  }

  /** Merges. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = tree.merge(second, new GfnRange(0, tree.mmu.gfnLimit()));
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = (int) tree.mmu.counters().sum(MmuCounter.MERGES);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
