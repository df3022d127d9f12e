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
 * A guest accepts a small page, while the host maps the block before anybody touches it, as large
 * as it may be. Nothing is mapped before.
 *
 * <p>Results: of ACCEPT, of the fault, leaves left, leaves split, violations, whether one met the
 * other.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_4K, second = Operation.PREFAULT)
@JCStressTest
@Outcome(
    id = "SUCCESS, FIXED, 2, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Mapped large; then split for the guest.")
@Outcome(
    id = "SUCCESS, FIXED, 2, 0, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The small page was accepted, and inhibits a large one; then one beside it was mapped.")
@Outcome(
    id = "SUCCESS, RETRY, 1, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The host came while the guest was at the entry, or had it changed.")
@Outcome(
    id = "SUCCESS, FIXED, 2, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest came while the host had a table added: large pages are inhibited already.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The guest gets its small page, whatever the host maps before or beside it.")
@State
public class SmallAcceptAgainstPrefault {
  private final TinyVm td = new TinyVm();

  /** Accepts. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_4K);
  }

  /** Maps the page beside it. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.prefault(td.secondWalker, 1);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
    result.r6 = td.retried();
  }
}
