package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.Spte;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIIII_Result;

/**
 * One thread merges a full table that nobody has touched, hardware sets A for a read of one gfn of
 * it.
 *
 * <p>Results: tables merged, whether the read was allowed (1), whether the leaf is accessed
 * afterwards (1), leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.MERGE, second = Operation.ACCESS_A)
@Outcome(
    id = "1, 1, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One after the other, or the A was set in the dead table and handed on to the leaf.")
@Outcome(
    id = "1, 1, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The read met a frozen entry, or the late A was set in the leaf by both sides at once.")
@Outcome(expect = Expect.FORBIDDEN, desc = "An A is never lost in a dead table.")
@State
public class MergeAgainstAccess {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table. */
  public MergeAgainstAccess() {
    tree.prefetch(first, 0);
    tree.prefetch(first, 1);
  }

  /** Merges. */
  @Actor
  public void first(IIIIII_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
  }

  /** Reads the second gfn. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r2 = tree.access(second, 1, Access.READ) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r3 = Spte.isAccessed(tree.entry(first, 1)) ? 1 : 0;
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
