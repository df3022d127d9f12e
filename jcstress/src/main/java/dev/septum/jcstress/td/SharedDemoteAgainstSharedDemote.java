package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * Two faults that want small pages split one large private page.
 *
 * <p>Results: of each fault, leaves left, leaves split, violations, whether one lost a race.
 */
@Race(tree = Tree.MIRROR, first = Operation.SPLIT_SHARED, second = Operation.SPLIT_SHARED)
@JCStressTest
@Outcome(
    id = "SPURIOUS, SPURIOUS, 2, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One split it, the other found its small page.")
@Outcome(
    id = {"RETRY, SPURIOUS, 2, 1, 0, 0", "SPURIOUS, RETRY, 2, 1, 0, 0"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One came while the other split it.")
@Outcome(
    id = {"RETRY, SPURIOUS, 2, 1, 0, 1", "SPURIOUS, RETRY, 2, 1, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the large page, and one came too late with its table.")
@Outcome(
    id = "SPURIOUS, SPURIOUS, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found the large page; one came too late, and found its small page.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is split once, and never away.")
@State
public class SharedDemoteAgainstSharedDemote {
  private final TinyVm td = new TinyVm(AcceptPolicy.SHARED).pending();

  /** Wants a small page. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_4K, true);
  }

  /** Wants a small page. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_4K, true);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
    result.r6 = td.raced();
  }
}
