package dev.septum.jcstress;

import dev.septum.mmu.Walker;
import dev.septum.paging.Access;
import dev.septum.paging.PageLevel;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A fault of a gfn beside the last one, in the table that its walker remembers, while another
 * thread zaps its block. (FaultAgainstZap is the one that walks.)
 *
 * <p>Results: of the fault, leaves zapped, leaves left, violations.
 */
@JCStressTest
@Outcome(
    id = "FIXED, 1, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Zapped while only the first page was mapped, then faulted in.")
@Outcome(id = "FIXED, 2, 0, 0", expect = Expect.ACCEPTABLE, desc = "Faulted in, then zapped.")
@Outcome(
    id = "RETRY, 1, 0, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The zap ended between the fault's lookup and its lock: what it looked up may be gone.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "No mapping outlives a zap that began after its page was looked up.")
@State
public class AdjacentFaultAgainstZap {
  private final TinyTree tree = new TinyTree();
  private final Walker first = tree.newWalker();
  private final Walker second = tree.newWalker();

  /** Maps the page beside it. */
  public AdjacentFaultAgainstZap() {
    tree.fault(first, 1, Access.READ, PageLevel.PG_4K);
  }

  /** Faults a write. */
  @Actor
  public void first(LLLL_Result result) {
    result.r1 = tree.fault(first, 0, Access.WRITE, PageLevel.PG_4K);
  }

  /** Zaps the block. */
  @Actor
  public void second(LLLL_Result result) {
    result.r2 = tree.zap(second, TinyTree.BLOCK);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = tree.leaves();
    result.r4 = tree.violations();
  }
}
