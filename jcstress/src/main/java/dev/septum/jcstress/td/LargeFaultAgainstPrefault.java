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
 * A fault of a large page of private memory, while the host maps it before anybody touches it.
 *
 * <p>Results: of each fault, leaves left, pages added to the TD, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.PREFAULT, second = Operation.FAULT_2M)
@JCStressTest
@Outcome(
    id = {"FIXED, SPURIOUS, 10, 1, 0", "SPURIOUS, FIXED, 10, 1, 0"},
    expect = Expect.ACCEPTABLE,
    desc = "One of them mapped it, the other found it.")
@Outcome(
    id = {"FIXED, RETRY, 10, 1, 0", "RETRY, FIXED, 10, 1, 0"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One came while the other had the page added.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "One of them has the page added, once; the other finds it, or is to look again.")
@State
public class LargeFaultAgainstPrefault {
  private final TinyVm td = new TinyVm();

  /** Faults. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_2M, false);
  }

  /** Maps it. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.prefault(td.secondWalker, 1);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.done(TdxLeaf.MEM_PAGE_AUG);
    result.r5 = td.violations();
  }
}
