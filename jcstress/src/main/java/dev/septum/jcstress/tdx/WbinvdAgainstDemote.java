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
 * One host thread writes back a page that is in use, while another splits the large page it is in.
 *
 * <p>Results: of WBINVD, of DEMOTE, how the gfn is mapped, violations.
 */
@JCStressTest
@Outcome(
    id = "PAGE_METADATA_INCORRECT RCX, SUCCESS, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE,
    desc = "It was memory, large or small.")
@Outcome(
    id = "OPERAND_BUSY RCX, SUCCESS, 4K PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "DEMOTE had the descriptor when WBINVD tried it.")
@Outcome(
    id = "PAGE_METADATA_INCORRECT RCX, OPERAND_BUSY RCX, 2M PENDING, 0",
    expect = Expect.ACCEPTABLE_INTERESTING,
    desc = "WBINVD had the descriptor when DEMOTE tried it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The page is never free.")
@State
public class WbinvdAgainstDemote {
  private final TinyTd td =
      TinyTd.runningWithNonBlockingResize().withPending(TinyTd.PG_2M, 0, TinyTd.PAGE);
  private final SeamcallRegisters first = new SeamcallRegisters();
  private final SeamcallRegisters second = new SeamcallRegisters();

  /** Writes back. */
  @Actor
  public void first(LLLL_Result result) {
    result.r1 = td.writeBack(first, TinyTd.NEXT_PAGE);
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
