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
 * A guest accepts a large page that the host splits with faults kept out.
 *
 * <p>Results: of ACCEPT, leaves split, leaves left, violations, whether the host found the entry
 * busy.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.SPLIT_EXCLUSIVE)
@JCStressTest
@Outcome(
    id = "SUCCESS, 1, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted, then split: both halves are accepted.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, 1, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Split: the guest is to accept small pages.")
@Outcome(
    id = "SUCCESS, 1, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest was at the entry: the host kept the vCPUs out, and asked once more.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, 1, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest was at the entry, blocked: the host kept the vCPUs out, and asked once more.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The split is made, and the guest finds the page whole or in parts.")
@State
public class AcceptAgainstDemote {
  private final TinyVm td = new TinyVm().pending();

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Splits. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.demote(td.secondWalker);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
    result.r5 = td.raced();
  }
}
