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
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest accepts a small page, while a fault maps the same one. Nothing is mapped before.
 *
 * <p>Results: of ACCEPT, of the fault, leaves left, pages added to the TD, violations, whether one
 * met the other.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.FAULT_4K)
@JCStressTest
@Outcome(
    id = "SUCCESS, FIXED, 1, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The fault mapped it, the guest accepted it.")
@Outcome(
    id = "SUCCESS, SPURIOUS, 1, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The guest had it mapped; then the fault found it.")
@Outcome(
    id = "SUCCESS, RETRY, 1, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The fault came while the guest was at the entry, or had it changed.")
@Outcome(
    id = {"SUCCESS, FIXED, 1, 1, 0, 1", "SUCCESS, SPURIOUS, 1, 1, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came while the fault had the table linked or the page added.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is added once, and accepted.")
@State
public class SmallAcceptAgainstSmallFault {
  private final TinyVm td = new TinyVm();

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_4K);
  }

  /** Faults. */
  @Actor
  public void other(LLLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 0, PageLevel.PG_4K, false);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.done(TdxLeaf.MEM_PAGE_AUG);
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
