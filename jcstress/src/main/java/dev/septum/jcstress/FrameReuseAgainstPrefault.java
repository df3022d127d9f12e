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
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * One thread uses a table again that was merged away, for a page of another block, which another
 * thread maps in advance, large.
 *
 * <p>Results: of the fault that uses the table again (FULL where it gave up waiting), pages mapped
 * in advance, leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.TABLE_REUSE, second = Operation.PREFAULT)
@Outcome(
    id = "FIXED, 2, 12, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The table came first, and was not full: what maps in advance went on in it.")
@Outcome(
    id = "SPURIOUS, 2, 12, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc =
        "The large leaf came first, and was split by the table; or the page was mapped in advance in"
            + " the table, before the fault that had linked it came to that.")
@Outcome(
    id = "FULL, 2, 20, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc =
        "The other's section was open for long, or it had the table in hand: the small fault gave up"
            + " waiting.")
@Outcome(
    id = "FIXED, 2, 12, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The CAS of what maps in advance met the table that was used again, or its leaf.")
@Outcome(
    id = "SPURIOUS, 2, 12, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The CAS of the table met the large leaf, which it then split; or the CAS of its page met what"
            + " was mapped in advance in the table.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Either the table or the large leaf is there.")
@State
public class FrameReuseAgainstPrefault {
  private final TinyTree tree = new TinyTree(TinyTree.ROOT_AND_ONE_TABLE);
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Merges the first block; then the one table that is left is dead. */
  public FrameReuseAgainstPrefault() {
    tree.fillBlock(first);
    tree.merge(first, TinyTree.BLOCK);
  }

  /** Maps a page of the other block by the same table. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = tree.reuse(first);
  }

  /** Maps the other block. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = tree.prefault(second, TinyTree.OTHER_BLOCK, PageLevel.PG_2M);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
    result.r5 = tree.raced();
  }
}
