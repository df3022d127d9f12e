package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * Two faults of one large page of private memory.
 *
 * <p>Results: of each fault, leaves left, pages added to the TD, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.FAULT_2M, second = Operation.FAULT_2M)
@JCStressTest
@Outcome(
    id = "FIXED, SPURIOUS, 10, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first mapped it, the second found it.")
@Outcome(
    id = "SPURIOUS, FIXED, 10, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second mapped it, the first found it.")
@Outcome(
    id = "FIXED, RETRY, 10, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second came while the first had the page added.")
@Outcome(
    id = "RETRY, FIXED, 10, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first came while the second had the page added.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "One of them has the page added, once; the other finds it, or is to look again.")
@State
public class FaultAgainstFaultInMirror {
  private final TinyVm td = new TinyVm();

  /** Faults. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_2M, false);
  }

  /** Faults. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_2M, false);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.calls(TdxLeaf.MEM_PAGE_AUG);
    result.r5 = td.violations();
  }
}
