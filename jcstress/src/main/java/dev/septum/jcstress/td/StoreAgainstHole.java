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
 * A guest writes to a page that its TLB knows, while the host punches a hole there.
 *
 * <p>Results: of the write, leaves removed, what is in the page, leaves left, violations, whether
 * the guest found the hole being punched.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.HOLE_PUNCH)
@JCStressTest
@Outcome(
    id = "NONE, 1, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written; then the page was taken away and zeroed.")
@Outcome(
    id = "UNACCEPTED, 1, 0, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Taken away; then the guest touched new memory.")
@Outcome(
    id = "UNACCEPTED, 1, 0, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the page going, and waited until it was gone.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page that was taken away is not written any more.")
@State
public class StoreAgainstHole {
  private final TinyVm td = new TinyVm().accepted().stored(0, 1);

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 0, 7);
  }

  /** Punches a hole. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.host.punchHole(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.content(0);
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
