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
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * A guest accepts a large page that the host makes of two small ones, which are not accepted.
 *
 * <p>Results: of ACCEPT, tables promoted, leaves left, violations, whether the module was busy with
 * the guest.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.PROMOTE)
@JCStressTest
@Outcome(
    id = "SUCCESS, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Promoted, then accepted as a whole.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The guest found small pages; then they were promoted.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The module was busy with the guest: the host kept the vCPUs out, and asked once more.")
@Outcome(
    id = "SUCCESS, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The module was busy with the guest, which found the large page when it was let in.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The table is promoted, and the guest finds small pages or a large one.")
@State
public class LargeAcceptAgainstPromote {
  private final TinyVm td = new TinyVm().pendingSmall();

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Promotes. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.promote();
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.raced();
  }
}
