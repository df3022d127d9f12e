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
 * A guest accepts the second of two small pages, while the host makes both shared.
 *
 * <p>Results: of ACCEPT, private leaves removed, leaves left, violations, whether the guest found
 * the pages going.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.CONVERSION)
@JCStressTest
@Outcome(id = "SUCCESS, 2, 0, 0, 0", expect = Expect.ACCEPTABLE, desc = "Accepted, then converted.")
@Outcome(
    id = "MEMORY_FAULT, 2, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Converted; then the guest wants private memory that there is not.")
@Outcome(
    id = "MEMORY_FAULT, 2, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found its page going, and waited until it was shared.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "No private mapping survives the conversion, and none is made behind it.")
@State
public class SmallAcceptAgainstConversion {
  private final TinyVm td = new TinyVm().acceptedHalf();

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(td.first, 1, PageLevel.LEVEL_4K);
  }

  /** Makes all shared. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.host.convertToShared(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
  }
}
