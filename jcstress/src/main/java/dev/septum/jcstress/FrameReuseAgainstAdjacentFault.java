package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import dev.septum.paging.TableArenaFullException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * One thread faults a page beside its last one, in the table that it remembers; another zaps that
 * block, gives the table back, and faults a page of the other block in, for which there is no other
 * table.
 *
 * <p>Results: of the fault, leaves zapped, of the other fault, leaves left, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_4K, second = Operation.TABLE_REUSE)
@Outcome(
    id = "FIXED, 2, FIXED, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Mapped in the table it remembered; then zapped, and the table used again.")
@Outcome(
    id = "RETRY, 1, FIXED, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The zap ended between the fault's lookup and its lock.")
@Outcome(
    id = "FIXED, 1, FULL, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Mapped between the zap and the trim, which left the table; or it took the table first.")
@Outcome(
    id = "FULL, 1, FIXED, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The table was the other block's before the fault began.")
@Outcome(
    id = "FULL, 1, FULL, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Both gave up waiting for the table's grace period.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Nothing is installed in a table that is another one by now.")
@State
public class FrameReuseAgainstAdjacentFault {
  private static final int ROOT_AND_ONE_TABLE = 2;

  private final TinyTree tree = new TinyTree(ROOT_AND_ONE_TABLE);
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps a page; then no table is left. */
  public FrameReuseAgainstAdjacentFault() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_4K);
  }

  /** Faults the page beside it. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = fault(first, 1);
  }

  /** Zaps, gives the table back, and uses it elsewhere. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = tree.zap(second, TinyTree.BLOCK);
    tree.trim(second);
    result.r3 = fault(second, 2);
  }

  private Object fault(Walker walker, long gfn) {
    try {
      return tree.fault(walker, gfn, Access.READ, PageLevel.PG_4K);
    } catch (TableArenaFullException full) {
      return "FULL";
    }
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
  }
}
