package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A write fault makes a leaf writable that nobody has touched, hardware sets A in it for a read.
 *
 * <p>Results: of the fault, whether the read was allowed (1), A and D afterwards (two digits),
 * whether it is writable (1), violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_4K, second = Operation.ACCESS_A)
@Outcome(id = "FIXED, 1, 11, 1, 0, 0", expect = Expect.ACCEPTABLE, desc = "One after the other.")
@Outcome(
    id = "FIXED, 1, 11, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "Both saw the leaf as it was; the CAS of one failed, and it went on with what the other"
            + " had made.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "No permission is lost to an A, and no A to a permission.")
@State
public class WriteFaultAgainstAccess {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the gfn read-only. */
  public WriteFaultAgainstAccess() {
    tree.prefetchReadOnly(first, 1);
  }

  /** Faults a write. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = tree.fault(first, 1, Access.WRITE, PageLevel.PG_4K);
  }

  /** Reads. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = tree.access(second, 1, Access.READ) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = tree.flags(first, 1);
    result.r4 = Spte.isWritable(tree.entry(first, 1)) ? 1 : 0;
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
