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
 * A guest accepts a large page, while a fault maps a small one in it. Nothing is mapped before.
 *
 * <p>Results: of ACCEPT, of the fault, leaves left, violations, whether one met the other.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.FAULT_4K)
@JCStressTest
@Outcome(
    id = "SUCCESS, SPURIOUS, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The guest had the large page mapped; the fault found it.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, FIXED, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The small page was there before the large one was tried.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, FIXED, 2, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "Both found nothing; the small page came first, and the guest had one mapped beside it.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, FIXED, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came while the fault had the table linked.")
@Outcome(
    id = "SUCCESS, RETRY, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The fault came while the guest was at the entry, or had it changed.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "One large page or small ones, and the guest is told which.")
@State
public class LargeAcceptAgainstSmallFault {
  private final TinyVm td = new TinyVm();

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Faults. */
  @Actor
  public void other(LLLLL_Result result) {
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
