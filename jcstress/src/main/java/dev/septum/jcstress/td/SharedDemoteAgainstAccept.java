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
 * A guest accepts a large page that a fault splits.
 *
 * <p>Results: of ACCEPT, of the fault, leaves left, leaves split, violations, whether the fault
 * found the entry busy.
 */
@Race(tree = Tree.MIRROR, first = Operation.SPLIT_SHARED, second = Operation.ACCEPT_2M)
@JCStressTest
@Outcome(
    id = "SUCCESS, SPURIOUS, 2, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted, then split: both halves are accepted.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, SPURIOUS, 2, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split: the guest is to accept small pages.")
@Outcome(
    id = "SUCCESS, RETRY, 10, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest was at the entry: the fault put the page back as it was.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A split that finds the entry busy leaves no trace.")
@State
public class SharedDemoteAgainstAccept {
  private final TinyVm td = new TinyVm(AcceptPolicy.SHARED).pending();

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Wants a small page. */
  @Actor
  public void fault(LLLLLL_Result result) {
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
