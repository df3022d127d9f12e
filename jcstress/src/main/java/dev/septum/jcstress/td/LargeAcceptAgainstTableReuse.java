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
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * A guest accepts a block of small pages as if it were a large page, while the host promotes its
 * block, and a fault splits it by the table that came back: there is no other.
 *
 * <p>Results: of ACCEPT, tables promoted, of the fault, leaves left, violations, whether the module
 * was busy with the guest.
 */
@Race(tree = Tree.MIRROR, first = Operation.ACCEPT_2M, second = Operation.TABLE_REUSE)
@JCStressTest
@Outcome(
    id = "PAGE_SIZE_MISMATCH level1, 1, SPURIOUS, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The guest found small pages, before or behind.")
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level1, 1, SPURIOUS, 2, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The guest found the large page in between.")
@Outcome(
    id = {
      "PAGE_SIZE_MISMATCH level1, 1, SPURIOUS, 2, 0, 1",
      "PAGE_ALREADY_ACCEPTED level1, 1, SPURIOUS, 2, 0, 1"
    },
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The promotion found the guest at the entry, or entering, and asked once more with the vCPUs out.")
@Outcome(
    id = "PAGE_ALREADY_ACCEPTED level1, 1, RETRY, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The split found the guest at the entry, and left the page as it was.")
@Outcome(
    id = {
      "PAGE_SIZE_MISMATCH level1, 1, FULL, 10, 0, 0",
      "PAGE_ALREADY_ACCEPTED level1, 1, FULL, 10, 0, 0"
    },
    expect = Expect.ACCEPTABLE,
    desc = "The guest was in its section for long: the split gave up waiting for the table.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc =
        "A table is not used again while somebody may stand in it, and what is accepted stays so.")
@State
public class LargeAcceptAgainstTableReuse {
  private final TinyVm td =
      new TinyVm(AcceptPolicy.SHARED, TinyVm.ROOTS_AND_ONE_TABLE).acceptedSmall();

  /** Accepts once more. */
  @Actor
  public void guest(LLLLLL_Result result) {
    result.r1 = td.accept(td.first, 0, PageLevel.LEVEL_2M);
  }

  /** Promotes, and uses the table again. */
  @Actor
  public void host(LLLLLL_Result result) {
    result.r2 = td.promote();
    result.r3 = td.split(td.secondWalker, 0);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    result.r4 = td.leaves();
    result.r5 = td.violations();
    result.r6 = td.raced();
  }
}
