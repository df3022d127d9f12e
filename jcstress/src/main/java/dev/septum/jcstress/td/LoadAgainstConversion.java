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
 * A guest reads the second page of a large one, accepted, while the host makes it shared: so the
 * page is split first.
 *
 * <p>Results: what was read, private leaves removed, leaves left, violations, whether the guest
 * found the page going.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.CONVERSION)
@JCStressTest
@Outcome(
    id = "1, 1, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Read; then the page was made shared.")
@Outcome(
    id = "MEMORY_FAULT, 1, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Converted; then the guest wants private memory that there is not.")
@Outcome(
    id = "MEMORY_FAULT, 1, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the page going, and waited until it was shared.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A page that was taken away, and zeroed, is not read any more.")
@State
public class LoadAgainstConversion {
  private final TinyVm td = new TinyVm().accepted().stored(1, 1);

  /** Reads. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.load(td.first, 1);
  }

  /** Makes the second page shared. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.host.convertToShared(TinyVm.SECOND_PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
  }
}
