package dev.septum.jcstress.td;

import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * Two vCPUs accept two small pages of a large one.
 *
 * <p>Results: of each ACCEPT, leaves left, leaves split, how often the exclusive lock was taken,
 * violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, SUCCESS, 2, 1, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One split the page and inhibited it; the other saw that, or found its page.")
@Outcome(
    id = "SUCCESS, SUCCESS, 2, 1, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Neither saw the mark: the later one found nothing to split.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Both are accepted, by one split.")
@State
public class SmallAcceptAgainstSmallAccept {
  private final TinyVm td = new TinyVm().pending();

  /** Accepts a page. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_4K);
  }

  /** Accepts another. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = td.accept(td.second, 1, PageLevel.LEVEL_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.host.acceptSplits();
    result.r6 = td.violations();
  }
}
