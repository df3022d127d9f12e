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
 * A fault maps a small page, the host maps the block before anybody touches it, as large as it may
 * be. Nothing is mapped before.
 *
 * <p>Results: of each fault, leaves left, violations, whether one lost a race.
 */
@Race(tree = Tree.MIRROR, first = Operation.FAULT_4K, second = Operation.PREFAULT)
@JCStressTest
@Outcome(
    id = "SPURIOUS, FIXED, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The large page came first, and the small one is in it.")
@Outcome(
    id = "FIXED, FIXED, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The small page came first, and one was mapped beside it.")
@Outcome(
    id = {"RETRY, FIXED, 10, 0, 0", "RETRY, FIXED, 10, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The small page was wanted while the large one was added.")
@Outcome(
    id = {"FIXED, RETRY, 1, 0, 0", "FIXED, RETRY, 1, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The large page was wanted while the table was added.")
@Outcome(
    id = {"SPURIOUS, FIXED, 10, 0, 1", "FIXED, FIXED, 2, 0, 1"},
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found nothing; one came too late, and went on with what the other had made.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One large page or small ones, each mapped once.")
@State
public class SmallFaultAgainstPrefault {
  private final TinyVm td = new TinyVm();

  /** Faults. */
  @Actor
  public void small(LLLLL_Result result) {
    result.r1 = td.fault(td.firstWalker, 0, PageLevel.PG_4K, false);
  }

  /** Maps the block. */
  @Actor
  public void large(LLLLL_Result result) {
    result.r2 = td.prefault(td.secondWalker, 1);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.raced();
  }
}
