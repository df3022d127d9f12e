package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLLL_Result;

/**
 * One thread merges a table away and uses it again for a page of another block; hardware, which
 * remembers the table, writes to a gfn of the first block again and again.
 *
 * <p>Results: of the fault that uses the table again (FULL where it gave up waiting), the levels at
 * which the first and the last access were allowed, A and D of the gfn and of the other page
 * afterwards (two digits each), leaves left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.TABLE_REUSE, second = Operation.ACCESS_D)
@Outcome(
    id = "FIXED, 1, 1, 11, 0, 11, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accessed, then merged; or the bit was handed on.")
@Outcome(
    id = "FIXED, 2, 2, 11, 0, 11, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged, then accessed.")
@Outcome(
    id = "FIXED, 1, 2, 11, 0, 11, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The merge came between the accesses; the table is another one, and the walker that"
            + " remembered it found the large leaf.")
@Outcome(
    id = "FULL, 1, 1, 11, 0, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The section was open for long: the fault gave up waiting for the table.")
@Outcome(
    id = "FULL, 2, 2, 11, 0, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The same, with the accesses behind the merge.")
@Outcome(
    id = "FULL, 1, 2, 11, 0, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The same, with the merge between the accesses.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A bit is set for its own gfn, and never in a table that is another one by now.")
@State
public class FrameReuseAgainstDirtyWrite {
  private final TinyTree tree = new TinyTree(TinyTree.ROOT_AND_ONE_TABLE);
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /**
   * Maps the first block by a full table, which the other walker remembers; then no table is left.
   */
  public FrameReuseAgainstDirtyWrite() {
    tree.fillBlock(first);
    tree.entry(second, 1);
  }

  /** Merges the one block, and maps a page of the other by the same table. */
  @Actor
  public void first(LLLLLLL_Result result) {
    result.r1 = tree.reuse(first);
  }

  /** Writes, and again. */
  @Actor
  public void second(LLLLLLL_Result result) {
    result.r2 = tree.accessLevel(second, 1, Access.WRITE);
    result.r3 = tree.accessLevelLater(second, 1, Access.WRITE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLLL_Result result) {
    result.r4 = tree.flags(first, 1);
    result.r5 = tree.flags(first, 2);
    result.r6 = tree.leaves();
    result.r7 = tree.violations();
  }
}
