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
 * One host thread splits a large page with a page pair, another adds the first page of the pair as
 * memory.
 *
 * <p>Results: of DEMOTE, of AUG, how the large page and the gfn are mapped, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_METADATA_INCORRECT R8, 4K PENDING, 4K FREE, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was of the pair before AUG looked.")
@Outcome(
    id = "PAGE_NOT_FREE R12, SUCCESS, 2M PENDING, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was memory before DEMOTE looked.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY R8, 4K PENDING, 4K FREE, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "DEMOTE had the descriptor when AUG tried it.")
@Outcome(
    id = "OPERAND_BUSY R12, SUCCESS, 2M PENDING, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "AUG had the descriptor when DEMOTE tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page is of a page pair or memory, never both.")
@State
public class DemoteOfPairAgainstAug {
  private final TinyTd td =
      TinyTd.runningWithDynamicPamt()
          .withPending(TinyTd.PG_2M, 0, TinyTd.RANGE)
          .withTable(2, TinyTd.OTHER_TABLE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Splits. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.demote(first, 0, TinyTd.TABLE, TinyTd.PAGE, TinyTd.NEXT_PAGE);
  }

  /** Adds memory. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 2, TinyTd.PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.shape(2);
    result.r5 = td.violations();
  }
}
