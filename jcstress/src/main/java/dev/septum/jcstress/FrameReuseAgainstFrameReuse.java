package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.trace.MmuCounter;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * Two threads merge a table away and use it again for a page of another block; there is only this
 * one.
 *
 * <p>Results: of the fault of each that uses the table again (FULL where there was none), tables
 * merged in all, leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.TABLE_REUSE, second = Operation.TABLE_REUSE)
@Outcome(
    id = "FIXED, SPURIOUS, 1, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first mapped the page; the second found it.")
@Outcome(
    id = "SPURIOUS, FIXED, 1, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second mapped the page; the first found it.")
@Outcome(
    id = "FIXED, SPURIOUS, 1, 11, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the table full, or the page unmapped; one of them lost the CAS.")
@Outcome(
    id = "SPURIOUS, FIXED, 1, 11, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the table full, or the page unmapped; one of them lost the CAS.")
@Outcome(
    id = {"FIXED, FULL, 1, 11, 0, [01]", "FULL, FIXED, 1, 11, 0, [01]"},
    expect = Expect.ACCEPTABLE,
    desc =
        "One gave up: the other was not done with its merge, or held the table for long. Then the"
            + " other linked it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One of them links the table, once.")
@State
public class FrameReuseAgainstFrameReuse {
  private final TinyTree tree = new TinyTree(TinyTree.ROOT_AND_ONE_TABLE);
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the first block by a full table; then no table is left. */
  public FrameReuseAgainstFrameReuse() {
    tree.fillBlock(first);
  }

  /** Merges the one block, and maps a page of the other by the same table. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = tree.reuse(first);
  }

  /** Does the same. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = tree.reuse(second);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = (int) tree.mmu.counters().sum(MmuCounter.MERGES);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
