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
 * Two vCPUs write to two pages of an accepted block, in opposite order.
 *
 * <p>It is enough that each makes its writes in its order; a fence between them cannot be seen
 * here.
 *
 * <p>Results: of the last write of each, what is in the pages, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.STORE)
@JCStressTest
@Outcome(
    id = "NONE, NONE, 7, 7, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second vCPU came first.")
@Outcome(
    id = "NONE, NONE, 8, 8, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first vCPU came first.")
@Outcome(
    id = "NONE, NONE, 8, 7, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Each has written the page that it wrote last, last.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Each has last written what it wrote first: somebody's writes came out of their order.")
@State
public class StoreAgainstStore {
  private final TinyVm td = new TinyVm().accepted();

  /** Writes 7 to both. */
  @Actor
  public void first(LLLLL_Result result) {
    td.store(td.first, 0, 7);
    result.r1 = td.store(td.first, 1, 7);
  }

  /** Writes 8 to both, the other way round. */
  @Actor
  public void second(LLLLL_Result result) {
    td.store(td.second, 1, 8);
    result.r2 = td.store(td.second, 0, 8);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.content(0);
    result.r4 = td.content(1);
    result.r5 = td.violations();
  }
}
