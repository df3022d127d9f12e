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
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A guest has private memory faulted in and accepts it, while the host makes it shared.
 *
 * <p>Results: of ACCEPT, private leaves removed, leaves left, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.CONVERSION)
@JCStressTest
@Outcome(id = "SUCCESS, 1, 0, 0", expect = Expect.ACCEPTABLE, desc = "Accepted, then converted.")
@Outcome(
    id = "MEMORY_FAULT, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Converted; then the guest wants private memory that there is not.")
@Outcome(
    id = "MEMORY_FAULT, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Faulted in, and removed before it was accepted.")
@Outcome(expect = Expect.FORBIDDEN, desc = "No private mapping survives the conversion.")
@State
public class AcceptAgainstConversion {
  private final TinyVm td = new TinyVm();

  /** Accepts. */
  @Actor
  public void guest(LLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Makes it shared. */
  @Actor
  public void host(LLLL_Result result) {
    result.r2 = td.host.convertToShared(TinyVm.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
  }
}
