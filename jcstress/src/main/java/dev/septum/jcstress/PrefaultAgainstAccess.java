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
 * One thread maps a block in advance, small; hardware reads its second gfn again and again.
 *
 * <p>Results: pages mapped, the levels at which the first and the last access were allowed (0: not
 * at all), A and D of each gfn afterwards (two digits each), violations.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.PREFAULT, second = Operation.ACCESS_A)
@Outcome(
    id = "2, 0, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accessed before the gfn was mapped: an EPT violation each time.")
@Outcome(
    id = "2, 1, 1, 0, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accessed after the gfn was mapped.")
@Outcome(
    id = "2, 0, 1, 0, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The gfn was mapped between two of the accesses.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "What was mapped in advance is touched by an access alone, and by each that was allowed.")
@State
public class PrefaultAgainstAccess {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block. */
  @Actor
  public void first(IIIIII_Result result) {
    result.r1 = tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_4K);
  }

  /** Reads, and again. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r2 = tree.accessLevel(second, 1, Access.READ);
    result.r3 = tree.accessLevelLater(second, 1, Access.READ);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r4 = tree.flags(first, 0);
    result.r5 = tree.flags(first, 1);
    result.r6 = tree.violations();
  }
}
