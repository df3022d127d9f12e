package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIIII_Result;

/**
 * One thread zaps a block that nobody has touched, hardware reads a gfn of it again and again.
 *
 * <p>Results: the levels at which the first and the last access were allowed (0: not at all),
 * leaves left, violations, leaves zapped, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.ZAP, second = Operation.ACCESS_A)
@Outcome(
    id = "2, 2, 0, 0, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accessed before the leaf went.")
@Outcome(
    id = "0, 0, 0, 0, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accessed after the leaf went.")
@Outcome(
    id = "2, 0, 0, 0, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The leaf went between two of the accesses.")
@Outcome(
    id = "0, 0, 0, 0, 1, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The leaf went between the look of the access and its CAS: not allowed, and no bit brings"
            + " it back.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A leaf that has gone allows no access, and no bit that is set late brings it back.")
@State
public class ZapAgainstAccess {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf that nobody has touched. */
  public ZapAgainstAccess() {
    tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_2M);
  }

  /** Zaps the block. */
  @Actor
  public void first(IIIIII_Result result) {
    result.r5 = tree.zap(first, TinyTree.BLOCK);
  }

  /** Reads, and again. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r1 = tree.accessLevel(second, 1, Access.READ);
    result.r2 = tree.accessLevelLater(second, 1, Access.READ);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
    result.r6 = tree.raced();
  }
}
