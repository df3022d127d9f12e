package dev.septum.jcstress;

import dev.septum.mmu.MmuOptions;
import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIIII_Result;

/**
 * The kernel's way: one thread merges a full, clean table by exchanging each of its entries,
 * hardware sets D for a write to one gfn of it, beginning at the table, which it remembers.
 *
 * <p>Results: tables merged, whether the write was allowed (1), whether the leaf is dirty
 * afterwards (1), leaves left, violations, whether a race was lost.
 */
@JCStressTest
@Outcome(
    id = "1, 1, 1, 10, 0, 0",
    expect = Expect.ACCEPTABLE,
    desc = "One after the other, or the D was set in the dead table and handed on to the leaf.")
@Outcome(
    id = "1, 1, 1, 10, 0, 1",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The write met a frozen entry, or the leaf changed under it: it walked again.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "A write that was allowed is never lost in a dead table.")
@State
public class MergeByExchangeAgainstRememberedWrite {
  private final TinyTree tree = new TinyTree(new MmuOptions(false, false, false, true));
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the block by a full table, which the writer remembers. */
  public MergeByExchangeAgainstRememberedWrite() {
    tree.fault(first, 0, Access.READ, PageLevel.PG_4K);
    tree.fault(first, 1, Access.READ, PageLevel.PG_4K);
    tree.entry(second, 1);
  }

  /** Merges. */
  @Actor
  public void first(IIIIII_Result result) {
    result.r1 = tree.merge(first, TinyTree.BLOCK);
  }

  /** Writes to the second gfn. */
  @Actor
  public void second(IIIIII_Result result) {
    result.r2 = tree.write(second, 1) ? 1 : 0;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(IIIIII_Result result) {
    result.r3 = tree.isDirty(first, 1) ? 1 : 0;
    result.r4 = tree.leaves();
    result.r5 = tree.violations();
    result.r6 = tree.raced();
  }
}
