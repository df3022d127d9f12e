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
 * One host thread merges a table, blocked and tracked, another splits a large page there, without a
 * block.
 *
 * <p>Results: of PROMOTE, of DEMOTE, how the gfn is mapped, pages owned, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, SUCCESS, 4K MAPPED, 3, 0",
    expect = Expect.ACCEPTABLE,
    desc = "Merged, then split.")
@Outcome(
    id = "SUCCESS, EPT_ENTRY_STATE_INCORRECT RCX, 2M MAPPED, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "There was nothing to split; then it was merged.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY SEPT_TREE, 2M MAPPED, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "PROMOTE had the tree, alone, when DEMOTE tried it.")
@Outcome(
    id = "OPERAND_BUSY SEPT_TREE, EPT_ENTRY_STATE_INCORRECT RCX, 2M NL_BLOCKED, 3, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "DEMOTE had the tree, shared, when PROMOTE tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is whole or in parts, and accepted as it was.")
@State
public class DemoteAgainstPromote {
  private final TinyTd td =
      TinyTd.runningWithNonBlockingResize()
          .withTable(0, TinyTd.TABLE)
          .withMapped(TinyTd.PG_4K, 0, TinyTd.PAGE)
          .withMapped(TinyTd.PG_4K, 1, TinyTd.NEXT_PAGE)
          .withBlocked(TinyTd.PG_2M, 0);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Merges. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.host(first, TdxLeaf.MEM_PAGE_PROMOTE, TinyTd.PG_2M, 0, 0);
  }

  /** Splits. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_DEMOTE, TinyTd.PG_2M, 0, TinyTd.OTHER_TABLE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
