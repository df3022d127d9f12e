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
 * One host thread asks what a page is, while another splits the large page it is in.
 *
 * <p>Results: of RDMD, of DEMOTE, how the gfn is mapped, violations.
 */
@JCStressTest
@Outcome(
    id = "2M REG, SUCCESS, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was asked before the split.")
@Outcome(
    id = "4K REG, SUCCESS, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was split before it was asked.")
@Outcome(
    id = "OPERAND_BUSY RCX, SUCCESS, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "DEMOTE had the descriptor when RDMD tried it.")
@Outcome(
    id = "2M REG, OPERAND_BUSY RCX, 2M PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "RDMD had the descriptor when DEMOTE tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is memory all the while, large or small.")
@State
public class RdmdAgainstDemote {
  private final TinyTd td =
      TinyTd.runningWithNonBlockingResize().withPending(TinyTd.PG_2M, 0, TinyTd.PAGE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Asks. */
  @Actor
  public void first(LLLL_Result result) {
    result.r1 = td.readMetadata(first, TinyTd.NEXT_PAGE);
  }

  /** Splits. */
  @Actor
  public void second(LLLL_Result result) {
    result.r2 = td.host(second, TdxLeaf.MEM_PAGE_DEMOTE, TinyTd.PG_2M, 0, TinyTd.TABLE);
  }

  /** Looks at what is left. */
  @Arbiter
  public void arbiter(LLLL_Result result) {
    result.r3 = td.shape(0);
    result.r4 = td.violations();
  }
}
