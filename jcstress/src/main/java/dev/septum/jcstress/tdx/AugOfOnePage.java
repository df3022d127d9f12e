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
 * Two host threads add one page for two gfns.
 *
 * <p>Results: of the first AUG, of the second, how each gfn is mapped, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_METADATA_INCORRECT R8, 4K PENDING, 4K FREE, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The first had added it before the second looked.")
@Outcome(
    id = "PAGE_METADATA_INCORRECT R8, SUCCESS, 4K FREE, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE,
    desc = "The second had added it before the first looked.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY R8, 4K PENDING, 4K FREE, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The first had the descriptor when the second tried it.")
@Outcome(
    id = "OPERAND_BUSY R8, SUCCESS, 4K FREE, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "The second had the descriptor when the first tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page is mapped once.")
@State
public class AugOfOnePage {
  private final TinyTd td = TinyTd.running().withTable(0, TinyTd.TABLE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Adds it for one gfn. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.host(first, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 0, TinyTd.PAGE);
  }

  /** Adds it for the other. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 1, TinyTd.PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.shape(1);
    result.r5 = td.violations();
  }
}
