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
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A fault at 4K splits a large leaf that nobody has touched, hardware sets D for a write to one gfn
 * of it.
 *
 * <p>Results: of the fault, whether the write was allowed (1), A and D of each gfn afterwards (two
 * digits each), violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_4K, second = Operation.ACCESS_D)
@Outcome(
    id = "SPURIOUS, 1, 11, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written, then split: both children have D.")
@Outcome(
    id = "SPURIOUS, 1, 0, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split, then written: the one child has D.")
@Outcome(
    id = "SPURIOUS, 1, 11, 11, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The write's CAS came between the split's look and its CAS: the table was filled again.")
@Outcome(
    id = "SPURIOUS, 1, 0, 11, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The split's CAS came between the walk's look and its CAS: the walk began again at the"
            + " root.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A write that was allowed leaves D on its gfn.")
@State
public class FaultAgainstDirtyWrite {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by one large leaf that nobody has touched. */
  public FaultAgainstDirtyWrite() {
    tree.prefault(first, TinyTree.BLOCK, PageLevel.PG_2M);
  }

  /** Faults a read of the first gfn. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.READ, PageLevel.PG_4K);
  }

  /** Writes to the second gfn. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = tree.write(second, 1) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = tree.flags(first, 0);
    result.r4 = tree.flags(first, 1);
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
