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
 * A guest writes to a small page that its TLB knows, while the host promotes the block.
 *
 * <p>Results: of the write, tables promoted, what is in the page, leaves left, violations, whether
 * the guest faulted.
 */
@Race(tree = Tree.MIRROR, first = Operation.PROMOTE, second = Operation.STORE)
@JCStressTest
@Outcome(
    id = "NONE, 1, 7, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written before or behind the promotion, without a fault.")
@Outcome(
    id = "NONE, 1, 7, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the table blocked, and waited until it was a leaf.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page keeps its frame, and the write is made.")
@State
public class PromoteAgainstStore {
  private final TinyVm td = new TinyVm().acceptedSmall().stored(1, 1);

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 1, 7);
  }

  /** Promotes. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.promote();
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
