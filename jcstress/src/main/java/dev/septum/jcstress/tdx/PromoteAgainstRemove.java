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
 * In a build, where nothing need be blocked, and by the module that shares the tree for it, one
 * host thread merges a table while another removes a page of it.
 *
 * <p>Results: of PROMOTE, of REMOVE, how the gfn is mapped, pages owned, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, EPT_WALK_FAILED RCX, 2M PENDING, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged: there was no small page to remove.")
@Outcome(
    id = "EPT_INVALID_PROMOTE_CONDITIONS RCX, SUCCESS, 4K FREE, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Removed: the table was not full.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY RCX, 2M PENDING, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "PROMOTE had the child when REMOVE tried it; or REMOVE came to a table that was gone.")
@Outcome(
    id = "OPERAND_BUSY RCX, SUCCESS, 4K FREE, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "REMOVE had the child when PROMOTE tried it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "What is merged was complete, and nobody works in a table that is gone.")
@State
public class PromoteAgainstRemove {
  private final TinyTd td =
      TinyTd.inBuildOf1501()
          .withTable(0, TinyTd.TABLE)
          .withPending(TinyTd.PG_4K, 0, TinyTd.PAGE)
          .withPending(TinyTd.PG_4K, 1, TinyTd.NEXT_PAGE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Merges. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.host(first, TdxLeaf.MEM_PAGE_PROMOTE, TinyTd.PG_2M, 0, 0);
  }

  /** Removes. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_REMOVE, TinyTd.PG_4K, 1, 0);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(1);
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
