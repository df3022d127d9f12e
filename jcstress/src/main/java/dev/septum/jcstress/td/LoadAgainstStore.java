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
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A guest writes to two pages of an accepted block, while another vCPU reads them the other way
 * round. It is enough that the one writes, and the other reads, in its order; a full fence between
 * them cannot be seen here.
 *
 * <p>Results: of the last write, what was read of the second page, what of the first, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.STORE)
@JCStressTest
@Outcome(id = "NONE, 1, 1, 0", expect = Expect.ACCEPTABLE, desc = "Read before.")
@Outcome(id = "NONE, 7, 7, 0", expect = Expect.ACCEPTABLE, desc = "Written before.")
@Outcome(
    id = "NONE, 1, 7, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The writes, or the first of them, came between.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Who sees the second write sees the first one too.")
@State
public class LoadAgainstStore {
  private final TinyVm td = new TinyVm().accepted().stored(0, 1).stored(1, 1);

  /** Writes to both. */
  @Actor
  public void writer(LLLL_Result result) {
    td.store(td.first, 0, 7);
    result.r1 = td.store(td.first, 1, 7);
  }

  /** Reads both, the second first. */
  @Actor
  public void reader(LLLL_Result result) {
    result.r2 = td.load(td.second, 1);
    result.r3 = td.load(td.second, 0);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r4 = td.violations();
  }
}
