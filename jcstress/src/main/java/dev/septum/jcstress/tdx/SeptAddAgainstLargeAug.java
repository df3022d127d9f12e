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
 * One host thread adds a table, another a large page in its place.
 *
 * <p>Results: of SEPT.ADD, of AUG, how the gfn is mapped, pages owned, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, EPT_ENTRY_STATE_INCORRECT RCX, 4K FREE, 1, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The table was there before AUG looked.")
@Outcome(
    id = "EPT_ENTRY_STATE_INCORRECT RCX, SUCCESS, 2M PENDING, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The page was there before SEPT.ADD looked.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY RCX, 4K FREE, 1, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "SEPT.ADD had the entry when AUG tried it.")
@Outcome(
    id = "OPERAND_BUSY RCX, SUCCESS, 2M PENDING, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "AUG had the entry when SEPT.ADD tried it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Table or page, and what was given to whoever lost is still free.")
@State
public class SeptAddAgainstLargeAug {
  private final TinyTd td = TinyTd.running();
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Adds the table. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.host(first, TdxLeaf.MEM_SEPT_ADD, TinyTd.PG_2M, 0, TinyTd.TABLE);
  }

  /** Adds the page. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_2M, 0, TinyTd.PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
