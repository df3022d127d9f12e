package dev.septum.jcstress.td;

import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * Two faults that each want a small page split the large one that is there.
 *
 * <p>Results: of each fault, leaves left, leaves split, violations.
 */
@JCStressTest
@Outcome(
    id = "SPURIOUS, SPURIOUS, 2, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One split the page, the other found it split.")
@Outcome(
    id = "SPURIOUS, RETRY, 2, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second came while the first had the page split.")
@Outcome(
    id = "RETRY, SPURIOUS, 2, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first came while the second had the page split.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is split once.")
@State
public class SharedDemoteAgainstSharedDemote {
  private final TinyVm td = new TinyVm(AcceptPolicy.SHARED).pending();

  /** Wants a small page. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_4K, true);
  }

  /** Wants another. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_4K, true);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
  }
}
