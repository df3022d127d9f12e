package dev.septum.jcstress.td;

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
 * Two faults of two small pages of private memory, whose table is missing.
 *
 * <p>Results: of each fault, leaves left, tables added to the TD, violations.
 */
@JCStressTest
@Outcome(
    id = "FIXED, FIXED, 2, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One linked the table; both mapped their pages in it.")
@Outcome(
    id = "FIXED, RETRY, 1, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second came while the first had the table added.")
@Outcome(
    id = "RETRY, FIXED, 1, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first came while the second had the table added.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The table is added once, and nothing is added to it before.")
@State
public class FaultAgainstNeighbourInMirror {
  private final TinyVm td = new TinyVm();

  /** Faults. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_4K, false);
  }

  /** Faults. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_4K, false);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.calls(TdxLeaf.MEM_SEPT_ADD);
    result.r5 = td.violations();
  }
}
