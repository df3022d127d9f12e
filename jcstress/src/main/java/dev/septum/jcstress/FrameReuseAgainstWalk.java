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
import org.openjdk.jcstress.infra.results.IIIII_Result;

/**
 * One thread merges a table away and splits another block, in an arena that has no other table for
 * it; another, which has walked the first block before and remembers the table, walks it twice,
 * inside one read section.
 *
 * <p>Results: tables merged, leaves split (-1 where the arena was full), the levels at which the
 * gfn was found, violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.TRANSLATE, second = Operation.TABLE_REUSE)
@Outcome(
    id = "1, 1, 1, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Walked before; then merged, and the table used again.")
@Outcome(id = "1, 1, 2, 2, 0", expect = Expect.ACCEPTABLE, desc = "Walked after the merge.")
@Outcome(
    id = "1, 1, 1, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The merge came between the walks; the table was used again only after the section was left.")
@Outcome(
    id = "1, -1, 1, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The section was open for long: the split gave up waiting for the table.")
@Outcome(
    id = "1, -1, 2, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The same, with the walks behind the merge.")
@Outcome(
    id = "1, -1, 1, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The same, with the merge between the walks.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A table is not used again while somebody may stand in it.")
@State
public class FrameReuseAgainstWalk {
  private static final int ROOT_AND_ONE_TABLE = 2;

  private final TinyTree tree = new TinyTree(ROOT_AND_ONE_TABLE);
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps one block by a full table, the other by a large leaf; then no table is left. */
  public FrameReuseAgainstWalk() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_4K);
    tree.fault(first, 1, Access.READ, PageLevel.PG_4K);
    tree.fault(first, 2, Access.READ, PageLevel.PG_2M);
    second.section().open();
    tree.levelOf(second, 0);
    second.section().close();
  }

  /** Merges the one, splits the other. */
  @Actor
  public void first(IIIII_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
    try {
      result.r2 = tree.split(first, TinyTree.OTHER_BLOCK);
    } catch (TableArenaFullException full) {
      result.r2 = -1;
    }
  }

  /** Translates twice. */
  @Actor
  public void second(IIIII_Result result) {
    second.section().open();
    result.r3 = tree.levelOf(second, 1);
    result.r4 = tree.levelOf(second, 1);
    second.section().close();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIII_Result result) {
    result.r5 = tree.violations();
  }
}
