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
 * Two host threads add a page each for one gfn.
 *
 * <p>Results: of the first AUG, of the second, how the gfn is mapped, pages owned, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, EPT_ENTRY_STATE_INCORRECT RCX, 4K PENDING, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first was done before the second looked.")
@Outcome(
    id = "EPT_ENTRY_STATE_INCORRECT RCX, SUCCESS, 4K PENDING, 2, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second was done before the first looked.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY RCX, 4K PENDING, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first had the entry when the second tried it.")
@Outcome(
    id = "OPERAND_BUSY RCX, SUCCESS, 4K PENDING, 2, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second had the entry when the first tried it.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "One page is added, and the page of whoever lost is still free.")
@State
public class AugAgainstAug {
  private final TinyTd td = TinyTd.running().withTable(0, TinyTd.TABLE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Adds one page. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.host(first, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 0, TinyTd.PAGE);
  }

  /** Adds the other. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 0, TinyTd.OTHER_PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.pages();
    result.r5 = td.violations();
  }
}
