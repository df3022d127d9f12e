package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * Two reads of one gfn that nothing maps: one fault wants a small mapping, the other a large one.
 *
 * <p>Results: of the small and of the large fault, leaves left, violations, whether a race was
 * lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.FAULT_4K, second = Operation.FAULT_2M)
@Outcome(
    id = "SPURIOUS, FIXED, 2, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The large leaf came first; the small fault split it.")
@Outcome(
    id = "FIXED, SPURIOUS, 1, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The table came first, and was not full: the large fault stayed in it.")
@Outcome(
    id = "FIXED, SPURIOUS, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The large fault's CAS met the new table.")
@Outcome(
    id = "SPURIOUS, FIXED, 2, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The small fault's CAS met the large leaf, and split it.")
@Outcome(
    id = "SPURIOUS, FIXED, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The large fault found the table before the small one had its leaf in it.")
@Outcome(
    id = "SPURIOUS, FIXED, 1, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The same, and one of them lost a CAS.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The gfn is mapped once, and no large leaf stands beside a small one.")
@State
public class SmallFaultAgainstLargeFault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Faults a read at 4K. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.READ, PageLevel.PG_4K);
  }

  /** Faults a read at 2M. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = tree.fault(second, 0, Access.READ, PageLevel.PG_2M);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
    result.r5 = tree.raced();
  }
}
