package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.PageLevel;
import dev.septum.paging.TableArenaFullException;
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
 * splits that leaf by range, and there is no other table.
 *
 * <p>Results: of the fault that uses the table again, leaves split by range (FULL where there was
 * no table, however often it tried), leaves split in all, leaves left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.TABLE_REUSE, second = Operation.SPLIT_SHARED)
@Outcome(
    id = "SPURIOUS, 0, 1, 12, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split by the fault; the range has nothing to split.")
@Outcome(
    id = "SPURIOUS, FULL, 1, 12, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The range gave up before the merge, or while the fault held the table for long.")
@Outcome(
    id = "SPURIOUS, 1, 1, 12, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The range took the table between the merge and the fault.")
@Outcome(
    id = "FULL, 1, 1, 12, 0",
    expect = Expect.ACCEPTABLE,
    desc =
        "The range held the table for long: the fault gave up waiting. Then the range linked it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The leaf is split once, by the one table.")
@State
public class FrameReuseAgainstSplit {
  private static final String FULL = "FULL";
  private static final int TRIES = 20;

  private final TinyTree tree = new TinyTree(TinyTree.ROOT_AND_ONE_TABLE);
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps one block by a full table, the other by a large leaf; then no table is left. */
  public FrameReuseAgainstSplit() {
    tree.fillBlock(first);
    tree.prefault(first, TinyTree.OTHER_BLOCK, PageLevel.PG_2M);
  }

  /** Merges the one block, and maps a page of the other by the same table. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = tree.reuse(first);
  }

  /** Splits, as soon as there is a table. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = FULL;
    for (int tries = 0; tries < TRIES && result.r2.equals(FULL); tries++) {
      result.r2 = split();
    }
  }

  private Object split() {
    try {
      return tree.split(second, TinyTree.OTHER_BLOCK);
    } catch (TableArenaFullException full) {
      return FULL;
    }
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = (int) tree.mmu.counters().sum(MmuCounter.SPLITS);
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
