package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest writes to a page of a large one, accepted, which its TLB knows, while the host splits it.
 *
 * <p>Results: of the write, leaves split, what is in the page, leaves left, violations, whether the
 * guest faulted.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.SPLIT_EXCLUSIVE)
@JCStressTest
@Outcome(
    id = "NONE, 1, 7, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written before the split, or behind it, without a fault.")
@Outcome(
    id = "NONE, 1, 7, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the page blocked, and waited until it was split.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page keeps its frame, and the write is made.")
@State
public class StoreAgainstDemote {
  private final TinyVm td = new TinyVm().accepted().stored(1, 1);

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 1, 7);
  }

  /** Splits. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.demote(td.secondWalker);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.content(1);
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.faulted();
  }
}
