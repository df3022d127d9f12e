package dev.septum.jcstress.tdx;

import dev.septum.tdx.SeamcallRegisters;
import dev.septum.tdx.TdxLeaf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * One host thread gives a range a page pair, another adds the first page of the pair as memory.
 *
 * <p>Results: of PAMT.ADD, of AUG, how the gfn is mapped, violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_METADATA_INCORRECT R8, 4K FREE, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was of the pair before AUG looked.")
@Outcome(
    id = "PAGE_NOT_FREE RDX, SUCCESS, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was memory before PAMT.ADD looked.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY R8, 4K FREE, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "PAMT.ADD had the descriptor when AUG tried it.")
@Outcome(
    id = "OPERAND_BUSY RDX, SUCCESS, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "AUG had the descriptor when PAMT.ADD tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page is of a page pair or memory, never both.")
@State
public class PamtAddAgainstAug {
  private final TinyTd td = TinyTd.runningWithDynamicPamt().withTable(0, TinyTd.TABLE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Gives a pair. */
  @Actor
  public void first(LLLL_Result result) {
    result.r1 = td.addPair(first, TinyTd.RANGE, TinyTd.PAGE, TinyTd.NEXT_PAGE);
  }

  /** Adds memory. */
  @Actor
  public void second(LLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 0, TinyTd.PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.violations();
  }
}
