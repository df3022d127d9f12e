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
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * A guest writes to a page of a large one, accepted, while a fault splits it, with others going on.
 *
 * <p>Results: of the write, of the fault, what is in the page, leaves left, violations.
 */
@Race(
    tree = Tree.MIRROR,
    first = Operation.STORE,
    second = Operation.SPLIT_SHARED,
    unseen = "A demote without a block changes no translation: the guest cannot tell.")
@JCStressTest
@Outcome(
    id = "NONE, SPURIOUS, 7, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Written, wherever the split was.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page keeps its frame, and the write is made.")
@State
public class StoreAgainstSharedDemote {
  private final TinyVm td = new TinyVm(AcceptPolicy.SHARED).accepted().stored(1, 1);

  /** Writes. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.store(td.first, 1, 7);
  }

  /** Wants a small page. */
  @Actor
  public void fault(LLLLL_Result result) {
    result.r2 = td.fault(td.secondWalker, 0, PageLevel.PG_4K, true);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.content(1);
    result.r4 = td.leaves();
    result.r5 = td.violations();
  }
}
