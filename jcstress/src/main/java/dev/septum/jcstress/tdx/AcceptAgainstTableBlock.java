package dev.septum.jcstress.tdx;

import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * The guest accepts a page below a table that the host blocks.
 *
 * <p>Results: of ACCEPT, of BLOCK, whether the guest saw before its try that the block was done,
 * pages owned, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, SUCCESS, false, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Accepted on the way in, before the block or beside it: the child is not locked.")
@Outcome(
    id = "EXIT NL_BLOCKED, SUCCESS, true, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The block was done.")
@Outcome(
    id = "EXIT NL_BLOCKED, SUCCESS, false, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The block came between the look and the walk.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "No walk passes an entry that was blocked before it began.")
@State
public class AcceptAgainstTableBlock {
  private final TinyTd td =
      TinyTd.running()
          .withTable(0, TinyTd.TABLE)
          .withPending(TinyTd.PG_4K, 0, TinyTd.PAGE)
          .withGuestInside();
  private final SeamcallRegisters host = new SeamcallRegisters();
  private volatile boolean blocked;

  /** Accepts. */
  @Actor
  public void guest(LLLLL_Result result) {
    result.r3 = blocked;
    result.r1 = td.accept(TinyTd.PG_4K, 0);
  }

  /** Blocks. */
  @Actor
  public void host(LLLLL_Result result) {
    result.r2 = td.host(host, TdxLeaf.MEM_RANGE_BLOCK, TinyTd.PG_2M, 0, 0);
    blocked = true;
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
