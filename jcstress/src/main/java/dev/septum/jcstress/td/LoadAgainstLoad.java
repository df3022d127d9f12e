package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * Two vCPUs read private memory that nobody has accepted: one page is mapped for both, and nothing
 * read. Nothing is mapped before.
 *
 * <p>Results: what each has read, leaves left, pages added to the TD, violations, whether one met
 * the fault of the other.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.TRANSLATE)
@JCStressTest
@Outcome(
    id = "UNACCEPTED, UNACCEPTED, 10, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One of them had the page mapped, the other found it.")
@Outcome(
    id = "UNACCEPTED, UNACCEPTED, 10, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One came while the other had the page added.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What is not accepted is not read, and mapped once.")
@State
public class LoadAgainstLoad {
  private final TinyVm td = new TinyVm();

  /** Reads. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = td.load(td.first, 0);
  }

  /** Reads. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = td.load(td.second, 1);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.done(TdxLeaf.MEM_PAGE_AUG);
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
