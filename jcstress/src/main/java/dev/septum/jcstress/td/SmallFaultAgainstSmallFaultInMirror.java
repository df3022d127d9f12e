package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * Two faults map the two small pages of a block, for which one of them links the table. Nothing is
 * mapped before.
 *
 * <p>Results: of each fault, leaves left, tables added to the TD, violations, whether one lost a
 * race.
 */
@Race(tree = Tree.MIRROR, first = Operation.FAULT_4K, second = Operation.FAULT_4K)
@JCStressTest
@Outcome(
    id = "FIXED, FIXED, 2, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One linked the table, both mapped their page in it.")
@Outcome(
    id = {"FIXED, RETRY, 1, 1, 0, 0", "RETRY, FIXED, 1, 1, 0, 0"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "One came while the other had the table added.")
@Outcome(
    id = {"FIXED, RETRY, 1, 1, 0, 1", "RETRY, FIXED, 1, 1, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found nothing, and one came too late with its table.")
@Outcome(
    id = "FIXED, FIXED, 2, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found nothing; one came too late with its table, and went on in the other one.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One table is added, and each page once.")
@State
public class SmallFaultAgainstSmallFaultInMirror {
  private final TinyVm td = new TinyVm();

  /** Faults. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_4K, false);
  }

  /** Faults. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_4K, false);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.done(TdxLeaf.MEM_SEPT_ADD);
    result.r5 = td.violations();
    result.r6 = td.raced();
  }
}
