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
 * One host thread makes a table of a page that another adds as memory.
 *
 * <p>Results: of SEPT.ADD, of AUG, how the block of the one and the gfn of the other are mapped,
 * violations.
 */
@JCStressTest
@Outcome(
    id = "SUCCESS, PAGE_METADATA_INCORRECT R8, 4K FREE, 4K FREE, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was a table before AUG looked.")
@Outcome(
    id = "PAGE_METADATA_INCORRECT R8, SUCCESS, 2M FREE, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was memory before SEPT.ADD looked.")
@Outcome(
    id = "SUCCESS, OPERAND_BUSY R8, 4K FREE, 4K FREE, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "SEPT.ADD had the descriptor when AUG tried it.")
@Outcome(
    id = "OPERAND_BUSY R8, SUCCESS, 2M FREE, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "AUG had the descriptor when SEPT.ADD tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A page is a table or memory, never both.")
@State
public class SeptAddAgainstAugOfOnePage {
  private final TinyTd td = TinyTd.running().withTable(0, TinyTd.TABLE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Makes it a table. */
  @Actor
  public void first(LLLLL_Result result) {
    result.r1 = td.host(first, TdxLeaf.MEM_SEPT_ADD, TinyTd.PG_2M, 2, TinyTd.PAGE);
  }

  /** Adds it as memory. */
  @Actor
  public void second(LLLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_AUG, TinyTd.PG_4K, 0, TinyTd.PAGE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLLL_Result result) {
    result.r3 = td.shape(2);
    result.r4 = td.shape(0);
    result.r5 = td.violations();
  }
}
