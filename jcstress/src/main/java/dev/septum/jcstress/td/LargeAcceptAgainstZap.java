package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest accepts a large page, while the host removes it.
 *
 * <p>Results: of ACCEPT, leaves removed, leaves left, violations, whether the guest found the page
 * going, whether the module was busy with the guest.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.ZAP)
@JCStressTest
@Outcome(
    id = "SUCCESS, 1, 0, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted; then the page was taken away.")
@Outcome(
    id = "SUCCESS, 1, 10, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Taken away; then the guest got and accepted a new page.")
@Outcome(
    id = "SUCCESS, 1, 10, 0, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found its page going, waited, and accepted a new one.")
@Outcome(
    id = "SUCCESS, 1, 0, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The module was busy with the guest: the host kept the vCPUs out, and asked once more.")
@Outcome(
    id = {"SUCCESS, 1, 10, 0, 0, 1", "SUCCESS, 1, 10, 0, 1, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The module was busy with the guest, which found the page blocked, and came back for a new one.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The page is removed, once, and an ACCEPT always comes to its end.")
@State
public class LargeAcceptAgainstZap {
  private final TinyVm td = new TinyVm().pending();

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Removes the page. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.vm.zap(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
    result.r6 = td.raced();
  }
}
