package dev.septum.jcstress;

import dev.septum.jcstress.matrix.Operation;
import dev.septum.jcstress.matrix.Race;
import dev.septum.jcstress.matrix.Tree;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import dev.septum.paging.Spte;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLLL_Result;

/**
 * One thread merges a full table of leaves that may not be written, a write fault of another makes
 * one of them writable.
 *
 * <p>Results: tables merged, the fault's result, leaves left, whether the gfn is writable and
 * whether it is dirty afterwards (two digits), violations, whether a race was lost.
 */
@JCStressTest
@Race(tree = Tree.DIRECT, first = Operation.MERGE, second = Operation.FAULT_4K)
@Outcome(
    id = "0, FIXED, 2, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Made writable: permissions are unequal, and the merge refuses.")
@Outcome(
    id = "1, FIXED, 2, 11, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged; the fault split the large leaf, and made the small one writable.")
@Outcome(
    id = "1, FIXED, 10, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "Made writable in the table between the merge's look and its mark: the permission went with"
            + " the table, the next write faults again; D was handed on.")
@Outcome(
    id = "1, RETRY, 10, 0, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc =
        "The fault met a frozen entry, or found the mark behind its CAS: it is to be done again.")
@Outcome(
    id = "1, RETRY, 10, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The fault found the mark behind its CAS, the merge's second look what it wrote.")
@Outcome(
    id = "1, RETRY, 10, 0, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The fault's CAS met a frozen entry.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "The page is mapped all the time, and no permission comes from nowhere.")
@State
public class MergeAgainstWriteFault {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table. */
  public MergeAgainstWriteFault() {
    tree.mapReadOnly(first, 0);
    tree.mapReadOnly(first, 1);
  }

  /** Merges. */
  @Actor
  public void first(LLLLLL_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
  }

  /** Faults a write to the second gfn. */
  @Actor
  public void second(LLLLLL_Result result) {
    result.r2 = tree.fault(second, 1, Access.WRITE, PageLevel.PG_4K);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLLL_Result result) {
    long entry = tree.entry(first, 1);
    result.r3 = tree.leaves();
    result.r4 = (Spte.isWritable(entry) ? 10 : 0) + (Spte.isDirty(entry) ? 1 : 0);
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
