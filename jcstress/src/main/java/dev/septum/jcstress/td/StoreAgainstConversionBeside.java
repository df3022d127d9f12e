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
 * A guest writes to the second page of a large one, accepted, while the host makes the first
 * shared.
 *
 * <p>Results: of the write, private leaves removed, what is in the second page, leaves left,
 * violations, whether the guest exited.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.CONVERSION)
@JCStressTest
@Outcome(
    id = "NONE, 1, 7, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written before the split, or behind it.")
@Outcome(
    id = "NONE, 1, 7, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest met the split under way, and came back for its page.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "What lies beside a range that is converted keeps its content, and can be used throughout.")
@State
public class StoreAgainstConversionBeside {
  private final TinyVm td = new TinyVm().accepted().stored(1, 1);

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 1, 7);
  }

  /** Makes the first page shared. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.host.convertToShared(TinyVm.FIRST_PAGE);
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
