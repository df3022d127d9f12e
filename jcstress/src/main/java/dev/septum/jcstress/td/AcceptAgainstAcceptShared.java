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
 * One vCPU accepts a large page, which is split in the fault, with faults going on; another accepts
 * a small page in it. Nothing is mapped before.
 *
 * <p>Results: of the large ACCEPT, of the small one, leaves left, leaves split, violations.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.ACCEPT_4K)
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_ALREADY_ACCEPTED level1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The large page was mapped and accepted before the small one was tried.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, SUCCESS, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The small page was there before the large one was tried.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, SUCCESS, 2, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "Both found nothing; the small page came first, and the other vCPU mapped one beside it.")
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, SUCCESS, 2, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The large page was mapped, and split before it was accepted.")
@Outcome(
    id = "SUCCESS, PAGE_ALREADY_ACCEPTED level0, 2, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The large page was accepted between the exit of the other vCPU and its split.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "What is mapped is accepted once, and split once at most.")
@State
public class AcceptAgainstAcceptShared {
  private final TinyVm td = new TinyVm(AcceptPolicy.SHARED);

  /** Accepts the large page. */
  @Actor
  public void large(LLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Accepts a small one. */
  @Actor
  public void small(LLLLL_Result result) {
    result.r2 = td.accept(td.second, 1, PageLevel.LEVEL_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.leaves();
    result.r4 = td.splits();
    result.r5 = td.violations();
  }
}
