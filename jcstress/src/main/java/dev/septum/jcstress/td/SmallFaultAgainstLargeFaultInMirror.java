package dev.septum.jcstress.td;

import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A fault that wants a small private page against one that wants the large one around it.
 *
 * <p>Results: of the small fault, of the large one, leaves left, violations.
 */
@JCStressTest
@Outcome(
    id = "SPURIOUS, FIXED, 10, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The large page came first: the small fault leaves it.")
@Outcome(
    id = "FIXED, FIXED, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The small page came first: the large fault maps another beside it.")
@Outcome(
    id = "RETRY, FIXED, 10, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The small fault came while the large page was added.")
@Outcome(
    id = "FIXED, RETRY, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The large fault came while the table was added.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A table is never replaced, and a large page not split by a plain fault.")
@State
public class SmallFaultAgainstLargeFaultInMirror {
  private final TinyVm td = new TinyVm();

  /** Faults at 4K. */
  @Actor
  public void small(LLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_4K, false);
  }

  /** Faults at 2M. */
  @Actor
  public void large(LLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_2M, false);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
  }
}
