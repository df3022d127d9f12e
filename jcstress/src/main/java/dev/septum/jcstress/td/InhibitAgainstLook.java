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
 * An ACCEPT of a small page splits the large one and inhibits it; another thread looks, without a
 * lock, whether it is inhibited, and then what is mapped.
 *
 * <p>Results: of ACCEPT, whether it was inhibited, the level mapped (-1 while it is changed), how
 * often the exclusive lock was taken, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.SPLIT_EXCLUSIVE, second = Operation.TRANSLATE)
@JCStressTest
@Outcome(id = "SUCCESS, false, 2, 1, 0", expect = Expect.ACCEPTABLE, desc = "Looked before.")
@Outcome(id = "SUCCESS, true, 1, 1, 0", expect = Expect.ACCEPTABLE, desc = "Looked behind.")
@Outcome(
    id = "SUCCESS, false, -1, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The page was being split.")
@Outcome(
    id = "SUCCESS, false, 1, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The page was split, and not inhibited yet when that was asked.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Where it is inhibited nothing large is mapped.")
@State
public class InhibitAgainstLook {
  private final TinyVm td = new TinyVm().pending();

  /** Accepts a small page. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_4K);
  }

  /** Looks. */
  @Actor
  public void looker(LLLLL_Result result) {
    result.r2 = td.slot.limits().isInhibited(0, PageLevel.PG_2M);
    result.r3 = td.levelOf(td.secondWalker, 0);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = td.host.acceptSplits();
    result.r5 = td.violations();
  }
}
