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
 * A guest reads private memory that it has not accepted, so its page is mapped, and nothing read;
 * another fault maps a small page beside it. Nothing is mapped before.
 *
 * <p>Results: what was read, of the fault, leaves left, violations, whether one met the other.
 */
@Race(tree = Tree.MIRROR, first = Operation.TRANSLATE, second = Operation.FAULT_4K)
@JCStressTest
@Outcome(
    id = "UNACCEPTED, SPURIOUS, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The large page was mapped for the guest; the fault found it.")
@Outcome(
    id = "UNACCEPTED, FIXED, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The small page came first, and one beside it was mapped for the guest.")
@Outcome(
    id = "UNACCEPTED, RETRY, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The fault came while the guest had the large page added.")
@Outcome(
    id = "UNACCEPTED, FIXED, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came while the fault had the table linked.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What is not accepted is not read, and mapped once.")
@State
public class LoadAgainstSmallFault {
  private final TinyVm td = new TinyVm();

  /** Reads. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.load(td.first, 0);
  }

  /** Maps a small page. */
  @Actor
  public void fault(LLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_4K, false);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.retried();
  }
}
