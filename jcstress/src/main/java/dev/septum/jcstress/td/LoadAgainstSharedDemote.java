package dev.septum.jcstress.td;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.paging.PageLevel;
import dev.septum.td.AcceptPolicy;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A guest reads a page of a large one, accepted, while a fault splits it, with others going on.
 *
 * <p>Results: what was read, of the fault, leaves left, violations.
 */
@Race(
    tree = Tree.MIRROR,
    first = Operation.TRANSLATE,
    second = Operation.SPLIT_SHARED,
    unseen = "A demote without a block changes no translation: the guest cannot tell.")
@JCStressTest
@Outcome(
    id = "1, SPURIOUS, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Read, wherever the split was.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page keeps its frame and its content.")
@State
public class LoadAgainstSharedDemote {
  private final TinyVm td = new TinyVm(AcceptPolicy.SHARED).accepted().stored(1, 1);

  /** Reads. */
  @Actor
  public void guest(LLLL_Result result) {
    result.r1 = td.load(td.second, 1);
  }

  /** Wants a small page. */
  @Actor
  public void fault(LLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 0, PageLevel.PG_4K, true);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.violations();
  }
}
