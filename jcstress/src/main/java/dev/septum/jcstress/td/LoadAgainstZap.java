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
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * A guest reads a page that its TLB knows, while the host removes it.
 *
 * <p>Results: what was read, leaves removed, leaves left, violations, whether the guest found the
 * page going.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.ZAP)
@JCStressTest
@Outcome(
    id = "1, 1, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Read; then the page was taken away.")
@Outcome(
    id = "UNACCEPTED, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Taken away; then the guest touched new memory.")
@Outcome(
    id = "UNACCEPTED, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found its page going, and waited until it was gone.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A page that was taken away, and zeroed, is not read any more.")
@State
public class LoadAgainstZap {
  private final TinyVm td = new TinyVm().accepted().stored(0, 1);

  /** Reads. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.load(td.first, 0);
  }

  /** Removes the page. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.vm.zap(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
  }
}
