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
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest writes to private memory that it has not accepted, so its page is mapped, and the write
 * not made; another fault maps a small page beside it. Nothing is mapped before.
 *
 * <p>Results: of the write, of the fault, what is in the page, leaves left, violations, whether one
 * met the other.
 */
@Race(tree = Tree.MIRROR, first = Operation.STORE, second = Operation.FAULT_4K)
@JCStressTest
@Outcome(
    id = "UNACCEPTED, SPURIOUS, 0, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The large page was mapped for the guest; the fault found it.")
@Outcome(
    id = "UNACCEPTED, FIXED, 0, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The small page came first, and one beside it was mapped for the guest.")
@Outcome(
    id = "UNACCEPTED, RETRY, 0, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The fault came while the guest had the large page added.")
@Outcome(
    id = "UNACCEPTED, FIXED, 0, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came while the fault had the table linked.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What is not accepted is not written, and mapped once.")
@State
public class StoreAgainstSmallFault {
  private final TinyVm td = new TinyVm();

  /** Writes. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.store(td.first, 0, 7);
  }

  /** Maps a small page. */
  @Actor
  public void fault(LLLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 1, PageLevel.PG_4K, false);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.content(0);
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
