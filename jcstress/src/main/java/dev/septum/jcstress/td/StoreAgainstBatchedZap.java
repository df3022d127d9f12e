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
 * A guest writes to the second of two small pages, which its TLB knows, while the host removes both
 * in one batch: both are blocked, then one TRACK and one kick.
 *
 * <p>Results: of the write, leaves removed, what is in the page, leaves left, violations, whether
 * the guest found the pages being removed.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.ZAP)
@JCStressTest
@Outcome(
    id = "NONE, 2, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written; then the pages were taken away and zeroed.")
@Outcome(
    id = "UNACCEPTED, 2, 0, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Taken away; then the guest touched new memory.")
@Outcome(
    id = "UNACCEPTED, 2, 0, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found its page going, and waited until it was gone.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page that was taken away is not written any more.")
@State
public class StoreAgainstBatchedZap {
  private final TinyVm td = new TinyVm().acceptedSmall().stored(1, 1);

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 1, 7);
  }

  /** Removes both pages. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.vm.zap(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.content(1);
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
